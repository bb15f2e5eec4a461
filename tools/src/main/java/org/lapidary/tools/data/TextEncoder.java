package org.lapidary.tools.data;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;

/// Text to token ids and back by a tokenizer file: a Hugging Face `tokenizer.json`, a WordPiece
/// `vocab.txt`, or a JSON object or array of single characters.
public interface TextEncoder {
  /// A text as tokens.
  ///
  /// @param ids of the tokens, with the special ones that the tokenizer adds by itself
  /// @param segments 0 for the first sentence, 1 for the second
  /// @param words index of the word that each token is part of, -1 for special tokens
  @SuppressWarnings("ArrayRecordComponent") // made and read once
  record Encoded(long[] ids, long[] segments, long[] words) {
    static Encoded of(long[] ids) {
      long[] words = new long[ids.length];
      Arrays.setAll(words, i -> i);
      return new Encoded(ids, new long[ids.length], words);
    }
  }

  /// One text.
  Encoded encode(String text);

  /// Two sentences in one sequence.
  Encoded encode(String first, String second);

  /// A text that is already cut into words.
  Encoded encode(List<String> words);

  /// The text of token ids.
  String decode(long[] ids);

  /// Whether it takes texts line by line: a token of its own ends every text, as `[SEP]` does, or
  /// it knows no line break.
  boolean readsLines();

  /// Token ids of a text that is to be continued: without what the tokenizer ends a text with.
  default long[] encodePrompt(String text) {
    Encoded encoded = encode(text);
    int length = encoded.ids().length;
    while (length > 0 && encoded.words()[length - 1] < 0) {
      length--;
    }
    return Arrays.copyOf(encoded.ids(), length);
  }

  /// Opens a tokenizer file.
  ///
  /// @throws DiagnosticException if it is missing or of no known kind
  static TextEncoder open(Path file) {
    if (!Files.isRegularFile(file)) {
      throw problem(
          Diagnostic.Code.FILE_NOT_FOUND, file, "there is no such file", "check --tokenizer");
    }
    try {
      if (file.toString().endsWith(".txt")) {
        return huggingFace(wordPiece(Files.readAllLines(file)));
      }
      JsonNode json = new ObjectMapper().readTree(file.toFile());
      if (json.has("model")) {
        return huggingFace(Files.readAllBytes(file));
      }
      return characters(json, file);
    } catch (IOException | RuntimeException e) {
      if (e instanceof DiagnosticException known) {
        throw known;
      }
      throw problem(
          Diagnostic.Code.INVALID_INPUT,
          file,
          "is not a tokenizer: " + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
          "give a tokenizer.json, a vocab.txt or an alphabet .json");
    }
  }

  private static TextEncoder huggingFace(byte[] json) throws IOException {
    System.setProperty("ai.djl.offline", "true");
    HuggingFaceTokenizer tokenizer =
        HuggingFaceTokenizer.newInstance(
            new ByteArrayInputStream(json), Map.of("truncation", "false", "padding", "false"));
    return new TextEncoder() {
      @Override
      public Encoded encode(String text) {
        return encoded(tokenizer.encode(text));
      }

      @Override
      public Encoded encode(String first, String second) {
        return encoded(tokenizer.encode(first, second));
      }

      @Override
      public Encoded encode(List<String> words) {
        return encoded(tokenizer.encode(words));
      }

      @Override
      public String decode(long[] ids) {
        return tokenizer.decode(ids);
      }

      @Override
      public boolean readsLines() {
        long[] words = encode("a").words();
        return words.length > 0 && words[words.length - 1] < 0;
      }

      private static Encoded encoded(Encoding e) {
        return new Encoded(e.getIds(), e.getTypeIds(), e.getWordIds());
      }
    };
  }

  private static TextEncoder characters(JsonNode json, Path file) {
    Map<String, Long> ids = new HashMap<>();
    if (json.isArray()) {
      for (int i = 0; i < json.size(); i++) {
        ids.put(json.get(i).asText(), (long) i);
      }
    } else {
      json.properties()
          .forEach(e -> {
            boolean idFirst = e.getValue().isTextual();
            ids.put(
                idFirst ? e.getValue().asText() : e.getKey(),
                idFirst ? Long.parseLong(e.getKey()) : e.getValue().asLong());
          });
    }
    return new Characters(file, ids);
  }

  /// Every character is a token.
  record Characters(Path file, Map<String, Long> ids) implements TextEncoder {
    @Override
    public Encoded encode(String text) {
      return Encoded.of(text.codePoints().mapToLong(this::id).toArray());
    }

    @Override
    public Encoded encode(String first, String second) {
      return encode(first + second);
    }

    @Override
    public Encoded encode(List<String> words) {
      long[] ids = encode(String.join("", words)).ids();
      long[] wordOf = new long[ids.length];
      int at = 0;
      for (int w = 0; w < words.size(); w++) {
        int n = words.get(w).codePointCount(0, words.get(w).length());
        Arrays.fill(wordOf, at, at + n, w);
        at += n;
      }
      return new Encoded(ids, new long[ids.length], wordOf);
    }

    @Override
    public String decode(long[] tokens) {
      Map<Long, String> characters = new HashMap<>();
      ids.forEach((character, id) -> characters.put(id, character));
      StringBuilder text = new StringBuilder();
      for (long token : tokens) {
        text.append(characters.getOrDefault(token, "\uFFFD"));
      }
      return text.toString();
    }

    @Override
    public boolean readsLines() {
      return !ids.containsKey("\n");
    }

    private long id(int character) {
      Long id = ids.get(Character.toString(character));
      if (id == null) {
        throw problem(
            Diagnostic.Code.INVALID_INPUT,
            file,
            "has no id for the character '" + Character.toString(character) + "'",
            "use the alphabet the model was trained with");
      }
      return id;
    }
  }

  /// BERT's uncased WordPiece around a vocabulary, as the tokenizer library reads it.
  private static byte[] wordPiece(List<String> vocabulary) throws IOException {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    root.put("version", "1.0");
    ObjectNode normalizer = root.putObject("normalizer");
    normalizer.put("type", "BertNormalizer").put("clean_text", true);
    normalizer.put("handle_chinese_chars", true).putNull("strip_accents").put("lowercase", true);
    root.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    ObjectNode post = root.putObject("post_processor").put("type", "BertProcessing");
    for (String special : List.of("[SEP]", "[CLS]")) {
      String key = special.substring(1, 4).toLowerCase(java.util.Locale.ROOT);
      post.putArray(key).add(special).add(vocabulary.indexOf(special));
    }
    ObjectNode decoder = root.putObject("decoder").put("type", "WordPiece");
    decoder.put("prefix", "##").put("cleanup", true);
    ObjectNode model = root.putObject("model").put("type", "WordPiece");
    model.put("unk_token", "[UNK]").put("continuing_subword_prefix", "##");
    model.put("max_input_chars_per_word", 100);
    ObjectNode vocab = model.putObject("vocab");
    for (int i = 0; i < vocabulary.size(); i++) {
      vocab.put(vocabulary.get(i), i);
    }
    return mapper.writeValueAsBytes(root);
  }

  /// Pads with `pad` or cuts to a length, keeping the last token (the separator) when cutting.
  static long[] fit(long[] ids, int length, long pad) {
    long[] out = Arrays.copyOf(ids, length);
    if (ids.length > length) {
      out[length - 1] = ids[ids.length - 1];
    } else {
      Arrays.fill(out, ids.length, length, pad);
    }
    return out;
  }

  private static DiagnosticException problem(
      Diagnostic.Code code, Path file, String message, String hint) {
    return new DiagnosticException(Diagnostic.error(code, file.toString(), "", message, hint));
  }
}

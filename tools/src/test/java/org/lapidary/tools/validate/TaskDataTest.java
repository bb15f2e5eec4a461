package org.lapidary.tools.validate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lapidary.ir.DType;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.testkit.Repository;
import org.lapidary.tools.compile.InputBinding;
import org.lapidary.tools.compile.InputSlot;
import org.lapidary.tools.data.Npy;
import org.lapidary.tools.data.TextEncoder;

final class TaskDataTest {
  @TempDir Path folder = Path.of("");
  private DataOptions options = DataOptions.of(Optional.empty(), 100, 4);

  @BeforeEach
  void alphabet() throws IOException {
    Path file = folder.resolve("alphabet.json");
    Files.writeString(file, "[\"a\",\"b\",\"c\",\"\\\"\",\" \",\"ü\"]");
    options = DataOptions.of(Optional.of(TextEncoder.open(file)), 100, 4);
  }

  private TaskData read(String name, String text, Task task) throws IOException {
    return read(name, text, task, options);
  }

  private TaskData read(String name, String text, Task task, DataOptions how) throws IOException {
    Path file = folder.resolve(name);
    Files.writeString(file, text);
    return TaskData.read(file, task, how);
  }

  private static List<Long> ids(TaskData data, int sample) {
    return ids(data.samples().get(sample).rows().getFirst(), "input_ids");
  }

  private static List<Long> ids(Map<String, Tensor> row, String name) {
    long[] ids = Objects.requireNonNull(row.get(name), name).i64();
    return Arrays.stream(ids).boxed().toList();
  }

  private static DataOptions labelled(DataOptions o, List<String> names) {
    return new DataOptions(
        o.encoder(),
        o.limit(),
        o.length(),
        o.lines(),
        1,
        o.start(),
        o.end(),
        o.pad(),
        o.ids(),
        names,
        false,
        o.scored());
  }

  @Test
  void everyTaskIsInTheReadme() throws IOException {
    String readme = Files.readString(Repository.root().resolve("README.md"));
    for (Task task : Task.values()) {
      assertThat(readme).contains("| `" + task.text() + "` |");
    }
  }

  @Test
  void aTableMayBeQuotedAndHoldEmptyLinesAndAnyLineEnds() throws IOException {
    TaskData data =
        read(
            "x.tsv",
            "\uFEFFlabel\tsentence\r\n1\t\"a\"\"b\"\"\"\r\n\r\n0\t\"a\" b\"\r\n1\tü\r\n",
            Task.CLASSIFY);

    assertThat(data.count()).isEqualTo(3);
    assertThat(ids(data, 0)).containsExactly(0L, 3L, 1L, 3L); // a"b"
    assertThat(ids(data, 1)).containsExactly(3L, 0L, 3L, 4L, 1L, 3L); // no quoted cell: "a" b"
    assertThat(ids(data, 2)).containsExactly(5L);
    assertThat(data.samples().get(0).labels()).containsExactly(1);
  }

  @Test
  void namesOfLabelsAreLookedUp() throws IOException {
    DataOptions named = labelled(options, List.of("bad", "good"));

    TaskData data = read("x.tsv", "sentence\tlabel\na\tgood\nb\tbad\n", Task.CLASSIFY, named);

    assertThat(data.samples().get(0).labels()).containsExactly(1);
    assertThat(data.samples().get(1).labels()).containsExactly(0);
    assertThatThrownBy(() -> read("x.tsv", "sentence\tlabel\na\tugly\n", Task.CLASSIFY, named))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("line 2")
        .hasMessageContaining("ugly");
    assertThatThrownBy(() -> read("x.tsv", "sentence\tlabel\na\tgood\n", Task.CLASSIFY))
        .hasMessageContaining("'good', which is no class number");
    assertThatThrownBy(() -> read("x.tsv", "sentence\tlabel\na\t1.5\n", Task.CLASSIFY))
        .hasMessageContaining("1.5");
  }

  @Test
  void aLabelBeyondTheClassesIsTheDatasFault() {
    Example example = new Example(List.of(), List.of(1), new int[] {2}, 0);
    Tensor logits = Tensor.f32(List.of(1, 2), 0.5f, 1);

    assertThatThrownBy(() -> Task.CLASSIFY.judge(example, List.of(Map.of("logits", logits))))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("label 2")
        .hasMessageContaining("0 to 1");
  }

  @Test
  void theFirstPieceOfAWordCarriesItsLabel() throws IOException {
    TaskData data =
        read(
            "x.conll",
            "-DOCSTART- O\n\nab\t1\nc\t0\n\n\n\nü x 2\n".replace("ü x 2", "ü\t2"),
            Task.TOKEN_CLASSIFY);

    assertThat(data.count()).isEqualTo(2);
    assertThat(ids(data, 0)).containsExactly(0L, 1L, 2L);
    assertThat(data.samples().get(0).labels()).containsExactly(1, -1, 0);
    assertThat(data.samples().get(1).labels()).containsExactly(2);
    assertThatThrownBy(() -> read("x.conll", "ab\n", Task.TOKEN_CLASSIFY))
        .hasMessageContaining("line 1 has no label");
  }

  @Test
  void pairsAreOneSequenceToClassifyAndTwoToEmbed() throws IOException {
    String text = "sentence1\tsentence2\tscore\na\tb c\t2.5\n";

    assertThat(read("x.tsv", text, Task.EMBED).samples().getFirst().rows()).hasSize(2);
    assertThat(read("x.tsv", text, Task.STS).samples().getFirst().target()).isEqualTo(2.5);
    String labelled = text.replace("score", "label").replace("2.5", "1");
    assertThat(read("x.tsv", labelled, Task.CLASSIFY).samples().getFirst().rows()).hasSize(1);
  }

  @Test
  void linesArePutBetweenStartAndEnd() throws IOException {
    DataOptions framed =
        new DataOptions(
            options.encoder(),
            100,
            4,
            true,
            1,
            OptionalLong.of(9),
            OptionalLong.of(8),
            OptionalLong.empty(),
            Optional.empty(),
            List.of(),
            false,
            Scored.ALL);

    TaskData data = read("x.txt", "ab\n\nc\n", Task.LM, framed);

    assertThat(ids(data, 0)).containsExactly(9L, 0L, 1L);
    assertThat(data.samples().get(0).labels()).containsExactly(0, 1, 8);
    assertThat(ids(data, 1)).containsExactly(9L, 2L);
  }

  @Test
  void onlyTheAnswerToAPromptIsScored() throws IOException {
    TaskData data = read("x.tsv", "prompt\tanswer\nab\tcc\n", Task.LM);

    assertThat(ids(data, 0)).containsExactly(0L, 1L, 2L);
    assertThat(data.samples().get(0).labels()).containsExactly(-1, 2, 2);
  }

  @Test
  void runningIdsAreCutIntoWindowsAndPaddingIsNoTarget() throws IOException {
    Path stream = folder.resolve("stream.npy");
    Npy.write(stream, Tensor.i64(List.of(9), 0, 1, 2, 3, 4, 5, 6, 7, 8));
    assertThat(TaskData.read(stream, Task.LM, options).count()).isEqualTo(2);

    Path rows = folder.resolve("rows.npy");
    Npy.write(rows, Tensor.i64(List.of(1, 4), 5, 6, 0, 0));
    DataOptions padded =
        new DataOptions(
            Optional.empty(),
            100,
            4,
            false,
            1,
            OptionalLong.empty(),
            OptionalLong.empty(),
            OptionalLong.of(0),
            Optional.empty(),
            List.of(),
            false,
            Scored.ALL);
    TaskData data = TaskData.read(rows, Task.LM, padded);
    InputBinding binding =
        InputBinding.of(
            "m", List.of(new InputSlot("x", DType.I64, List.of("b", "s"))), Map.of(), 4);
    Example example = data.examples(binding, Task.LM).getFirst();
    assertThat(ids(example.inputs().getFirst(), "x")).containsExactly(5L, 6L, 0L, 0L);
    assertThat(example.labels()).containsExactly(6, -1, -1, -1);
  }

  @Test
  void positionsAreCountedFromTheFirstToken() {
    assertThat(Scored.parse("from:3").includes(1, 10)).isFalse();
    assertThat(Scored.parse("from:3").includes(2, 10)).isTrue();
    assertThat(Scored.parse("second-half").includes(15, 32)).isFalse();
    assertThat(Scored.parse("second-half").includes(16, 32)).isTrue();
    assertThatThrownBy(() -> Scored.parse("half")).hasMessageContaining("second-half");
  }

  private List<List<Long>> unlabelled(String name, String text, Optional<Task> task)
      throws IOException {
    Path vocabulary = folder.resolve("vocab.txt");
    Files.writeString(vocabulary, "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\n");
    Path file = folder.resolve(name);
    Files.writeString(file, text);
    DataOptions how = DataOptions.of(Optional.of(TextEncoder.open(vocabulary)), 100, 4);
    return TaskData.unlabelled(file, task, how).stream().map(r -> ids(r, "input_ids")).toList();
  }

  @Test
  void textIsObservedSentenceBySentenceWhereTheTokenizerEndsOne() throws IOException {
    List<Long> first = List.of(2L, 4L, 5L, 3L);
    List<Long> second = List.of(2L, 6L, 3L);
    assertThat(unlabelled("x.txt", "\uFEFFa b\r\n\r\nc\r\n", Optional.empty()))
        .containsExactly(first, second);
    assertThat(unlabelled("x.txt", "a b\nc", Optional.of(Task.CLASSIFY)))
        .containsExactly(first, second);
    assertThat(unlabelled("words.txt", "a\tB-X\nb\tO\n\n\nc\tO\n", Optional.empty()))
        .containsExactly(first, second);
    assertThat(unlabelled("x.txt", "a b\nc", Optional.of(Task.LM))).hasSize(1);
  }

  @Test
  void tablesAreObservedWithoutTheirLabels() throws IOException {
    String pairs = "sentence1\tsentence2\tlabel\na b\tc\tentailment\n";
    List<Long> joined = List.of(2L, 4L, 5L, 3L, 6L, 3L);
    assertThat(unlabelled("p.tsv", pairs, Optional.of(Task.CLASSIFY))).containsExactly(joined);
    assertThat(unlabelled("p.tsv", pairs, Optional.of(Task.EMBED)))
        .containsExactly(List.of(2L, 4L, 5L, 3L), List.of(2L, 6L, 3L));
    assertThat(unlabelled("q.tsv", "prompt\tanswer\na b\tc\n", Optional.empty())).hasSize(1);
  }

  @Test
  void textOfATokenizerThatGoesOnIsObservedInWindows() throws IOException {
    Path file = folder.resolve("letters.txt");
    Files.writeString(file, "abc\nabc ab");
    assertThat(TaskData.unlabelled(file, Optional.empty(), options)).hasSize(2);
    Path alphabet = folder.resolve("alphabet.json");
    Files.writeString(alphabet, "[\"a\",\"b\",\"c\",\" \",\"\\n\"]");
    DataOptions on = DataOptions.of(Optional.of(TextEncoder.open(alphabet)), 100, 5);
    List<Map<String, Tensor>> windows = TaskData.unlabelled(file, Optional.empty(), on);
    assertThat(windows.stream().map(r -> ids(r, "input_ids")))
        .containsExactly(List.of(0L, 1L, 2L, 4L, 0L), List.of(1L, 2L, 3L, 0L, 1L));
  }

  @Test
  void aFileWithoutSamplesIsNamed() {
    assertThatThrownBy(() -> read("empty.tsv", "sentence\tlabel\n", Task.CLASSIFY))
        .isInstanceOf(DiagnosticException.class)
        .hasMessageContaining("empty.tsv")
        .hasMessageContaining("not one sample");
  }

  @ParameterizedTest
  @CsvSource({
    "sentence1 score | a 1, one of sentence2",
    "sentence1 sentence2 | a b, one of label",
    "sentence1 sentence2 score | a b NaN, has 'NaN' where a score is due",
    "sentence1 sentence2 score | a b, line 2 has only 2 of 3 columns"
  })
  void aPairNeedsBothSentencesAndAScore(String table, String message) {
    String text = table.replace(" | ", "\n").replace(' ', '\t');
    assertThatThrownBy(() -> read("pairs.tsv", text, Task.STS)).hasMessageContaining(message);
  }
}

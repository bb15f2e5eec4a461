package org.lapidary.tools.data;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import org.lapidary.ir.DType;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.TensorType;

/// NumPy's array files: one array (`.npy`, format versions 1 to 3) or several in a zip (`.npz`).
///
/// Source: NumPy Enhancement Proposal 1, "A simple file format for NumPy arrays".
public final class Npy {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final Pattern HEADER =
      Pattern.compile(
          "'descr':\\s*'([^']+)'.*'fortran_order':\\s*(True|False).*'shape':\\s*\\(([^)]*)\\)",
          Pattern.DOTALL);

  private Npy() {}

  /// Reads one array.
  ///
  /// @throws DiagnosticException if the file is missing, damaged or of a type without a counterpart
  public static Tensor read(Path file) {
    try {
      return parse(ByteBuffer.wrap(Files.readAllBytes(existing(file))), file.toString());
    } catch (IOException e) {
      throw broken(file.toString(), "cannot be read (" + e.getMessage() + ")");
    }
  }

  /// Reads every array of a zip, in its order, by name without the `.npy`.
  public static Map<String, Tensor> readZip(Path file) {
    Map<String, Tensor> arrays = new LinkedHashMap<>();
    try (InputStream raw = Files.newInputStream(existing(file));
        ZipInputStream zip = new ZipInputStream(raw)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        String name = entry.getName();
        if (name.endsWith(".npy")) {
          Tensor array = parse(ByteBuffer.wrap(zip.readAllBytes()), file + ":" + name);
          arrays.put(name.substring(0, name.length() - 4), array);
        }
      }
    } catch (IOException e) {
      throw broken(file.toString(), "is not a zip of arrays (" + e.getMessage() + ")");
    }
    if (arrays.isEmpty()) {
      throw broken(file.toString(), "holds no .npy arrays");
    }
    return arrays;
  }

  /// Writes one array, little-endian, C order, format version 1; the file appears whole or not at
  /// all.
  public static void write(Path file, Tensor tensor) throws IOException {
    Path temporary = file.resolveSibling(file.getFileName() + ".part");
    try {
      Files.write(temporary, bytes(tensor));
      Files.move(temporary, file, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static byte[] bytes(Tensor t) throws IOException {
    StringBuilder shape = new StringBuilder("(");
    for (int d : t.type().dims()) {
      shape.append(d).append(t.type().rank() == 1 ? "," : ", ");
    }
    String descr =
        switch (t.type().dtype()) {
          case F32 -> "<f4";
          case I64 -> "<i8";
          case I32 -> "<i4";
          case I8 -> "|i1";
          case BOOL -> "|b1";
        };
    String header = "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + "), }";
    int padding = 63 - (MAGIC.length + 4 + header.length()) % 64;
    header += " ".repeat(padding) + "\n";
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(MAGIC);
    out.write(new byte[] {1, 0, (byte) header.length(), (byte) (header.length() >> 8)});
    out.write(header.getBytes(StandardCharsets.US_ASCII));
    ByteBuffer body = ByteBuffer.allocate((int) t.type().bytes()).order(ByteOrder.LITTLE_ENDIAN);
    switch (t.type().dtype()) {
      case F32 -> body.asFloatBuffer().put(t.f32());
      case I64 -> body.asLongBuffer().put(t.i64());
      case I32 -> body.asIntBuffer().put(t.i32());
      case I8, BOOL -> body.put(t.bytes());
    }
    out.write(body.array());
    return out.toByteArray();
  }

  private static Tensor parse(ByteBuffer in, String where) {
    in.order(ByteOrder.LITTLE_ENDIAN);
    byte[] magic = new byte[MAGIC.length];
    if (in.remaining() < 12) {
      throw broken(where, "is not a NumPy array");
    }
    in.get(magic);
    int major = in.get();
    in.get();
    if (!java.util.Arrays.equals(magic, MAGIC) || major < 1 || major > 3) {
      throw broken(where, "is not a NumPy array");
    }
    int length = major == 1 ? in.getShort() & 0xffff : in.getInt();
    if (length < 0 || length > in.remaining()) {
      throw broken(where, "ends inside its header");
    }
    byte[] header = new byte[length];
    in.get(header);
    Matcher m = HEADER.matcher(new String(header, StandardCharsets.UTF_8));
    if (!m.find()) {
      throw broken(where, "has a header that is not understood");
    }
    if (m.group(2).equals("True") && m.group(3).split(",").length > 1) {
      throw broken(where, "is in Fortran order; save it with numpy.ascontiguousarray");
    }
    List<Integer> dims = new ArrayList<>();
    for (String d : m.group(3).split(",")) {
      if (!d.isBlank()) {
        dims.add(Integer.parseInt(d.strip()));
      }
    }
    return elements(in, m.group(1), dims, where);
  }

  private static Tensor elements(ByteBuffer in, String descr, List<Integer> dims, String where) {
    int n = TensorType.of(DType.BOOL, dims).elements();
    String kind = descr.substring(1);
    int size = Character.digit(kind.charAt(kind.length() - 1), 10);
    if (descr.charAt(0) == '>' || size < 1 || (long) n * size > in.remaining()) {
      throw broken(
          where, "of type " + descr + " and shape " + dims + " is truncated or big-endian");
    }
    return switch (kind) {
      case "f4" -> {
        float[] a = new float[n];
        in.asFloatBuffer().get(a);
        yield Tensor.f32(dims, a);
      }
      case "f8" -> {
        float[] a = new float[n];
        for (int i = 0; i < n; i++) {
          a[i] = (float) in.getDouble();
        }
        yield Tensor.f32(dims, a);
      }
      case "f2" -> {
        float[] a = new float[n];
        for (int i = 0; i < n; i++) {
          a[i] = Float.float16ToFloat(in.getShort());
        }
        yield Tensor.f32(dims, a);
      }
      case "i8", "u8" -> {
        long[] a = new long[n];
        in.asLongBuffer().get(a);
        yield Tensor.i64(dims, a);
      }
      case "i4", "u4" -> {
        int[] a = new int[n];
        in.asIntBuffer().get(a);
        yield Tensor.i32(dims, a);
      }
      case "i2" -> {
        int[] a = new int[n];
        for (int i = 0; i < n; i++) {
          a[i] = in.getShort();
        }
        yield Tensor.i32(dims, a);
      }
      case "u1" -> {
        int[] a = new int[n];
        for (int i = 0; i < n; i++) {
          a[i] = in.get() & 0xff;
        }
        yield Tensor.i32(dims, a);
      }
      case "i1", "b1" -> {
        byte[] a = new byte[n];
        in.get(a);
        yield kind.equals("b1") ? Tensor.bool(dims, a) : Tensor.i8(dims, a);
      }
      default -> throw broken(where, "has element type " + descr + ", which is not supported");
    };
  }

  private static Path existing(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new DiagnosticException(
          Diagnostic.error(
              Diagnostic.Code.FILE_NOT_FOUND,
              file.toString(),
              "",
              "there is no such file",
              "check the path"));
    }
    return file;
  }

  private static DiagnosticException broken(String where, String what) {
    return new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_INPUT,
            where,
            "",
            what,
            "write it with numpy.save or numpy.savez"));
  }
}

package org.lapidary.tools.compile;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;
import org.lapidary.ir.Diagnostic;
import org.lapidary.ir.DiagnosticException;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.op.NnOp;
import org.lapidary.ir.text.IrPrinter;
import org.lapidary.passes.quant.Calibration;

/// What calibration has seen so far, on disk: a run that was stopped goes on where it was, and one
/// that was finished need not be done again.
///
/// It belongs to one graph and one list of samples, whose hash it carries.
final class CalibrationFile {
  private static final String MAGIC = "lapidary-calibration-2";

  private final Path path;
  private final Graph<NnOp> graph;
  private final String key;

  CalibrationFile(Path path, Graph<NnOp> graph, CalibrationSet set, int moments) {
    this.path = path;
    this.graph = graph;
    this.key = key(graph, set, moments);
  }

  /// What was seen before, if the file exists.
  ///
  /// @throws DiagnosticException if it is damaged, or of another model or other samples
  Optional<Calibration> read() {
    if (!Files.exists(path)) {
      return Optional.empty();
    }
    try (DataInputStream in = new DataInputStream(Files.newInputStream(path))) {
      if (!in.readUTF().equals(MAGIC)) {
        throw new IOException("not a calibration");
      }
      if (!in.readUTF().equals(key)) {
        throw refused("is the calibration of another model or of other samples");
      }
      return Optional.of(Calibration.restore(graph, new InflaterInputStream(in)));
    } catch (IOException e) {
      throw refused("is damaged, or no calibration of this version");
    }
  }

  /// Replaces the file, which is never seen half-written.
  void write(Calibration calibration) {
    Path part = path.resolveSibling(path.getFileName() + ".part");
    try (OutputStream file = Files.newOutputStream(part);
        DataOutputStream out = new DataOutputStream(file)) {
      out.writeUTF(MAGIC);
      out.writeUTF(key);
      calibration.save(graph, new DeflaterOutputStream(out));
      Files.move(part, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw refused("cannot be written (" + e + ")");
    } finally {
      part.toFile().delete();
    }
  }

  private DiagnosticException refused(String what) {
    return new DiagnosticException(
        Diagnostic.error(
            Diagnostic.Code.INVALID_INPUT,
            path.toString(),
            "",
            what,
            "delete it, or name another file with --calibration-file"));
  }

  private static String key(Graph<NnOp> graph, CalibrationSet set, int moments) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(("moments " + moments).getBytes(StandardCharsets.UTF_8));
      sha.update(IrPrinter.print(graph).getBytes(StandardCharsets.UTF_8));
      for (Map<String, Tensor> sample : set.samples()) {
        sample.forEach((name, tensor) -> {
          sha.update((name + tensor.type()).getBytes(StandardCharsets.UTF_8));
          for (int i = 0; i < tensor.elements(); i++) {
            sha.update(ByteBuffer.allocate(Double.BYTES).putDouble(0, tensor.asDouble(i)));
          }
        });
      }
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}

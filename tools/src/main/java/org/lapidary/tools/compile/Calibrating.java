package org.lapidary.tools.compile;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.NnOp;
import org.lapidary.passes.quant.Calibration;
import org.lapidary.passes.quant.Calibrator;

/// Calibration on several threads; merging is exact, so their number does not show in the result.
final class Calibrating {
  private Calibrating() {}

  static Calibration run(
      Graph<NnOp> graph, CalibrationSet set, int threads, LongConsumer progress) {
    int workers = Math.max(1, Math.min(threads, set.samples().size()));
    AtomicLong done = new AtomicLong();
    try (ExecutorService pool = Executors.newFixedThreadPool(workers)) {
      List<Future<Calibration>> parts = new ArrayList<>();
      for (int w = 0; w < workers; w++) {
        int first = w;
        parts.add(
            pool.submit(() -> {
              Calibrator calibrator = new Calibrator(graph);
              for (int i = first; i < set.samples().size(); i += workers) {
                calibrator.add(set.samples().get(i));
                progress.accept(done.incrementAndGet());
              }
              return calibrator.calibration();
            }));
      }
      Calibration whole = parts.getFirst().get();
      for (Future<Calibration> part : parts.subList(1, parts.size())) {
        whole.merge(part.get());
      }
      return whole;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("cancelled", e);
    }
  }
}

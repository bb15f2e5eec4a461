package org.lapidary.gemmini.search;

import org.lapidary.gemmini.map.Contribution;
import org.lapidary.gemmini.map.Epilogue;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.View;
import org.lapidary.ir.op.MoveOut;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.timing.CycleModel;

/// Everything the time of a kernel depends on, as text: equal keys have equal choices.
///
/// @param text of one line
public record TilingKey(String text) {
  private static final int LINE = 64;

  static TilingKey of(Kernel.Accumulation kernel, GemminiParams machine, Semantics semantics) {
    StringBuilder s = new StringBuilder();
    s.append(TilingSearch.VERSION).append(' ').append(CycleModel.NAME).append(' ');
    s.append(machine).append(' ').append(semantics).append(' ');
    s.append(kernel.batch()).append(kernel.rows()).append('x').append(kernel.cols());
    for (Contribution c : kernel.contributions()) {
      switch (c) {
        case Contribution.Product p -> s.append(" product ").append(p.depth()).append(zeros(p));
        case Contribution.Diagonal d -> s.append(" diagonal ").append(d.pieces());
        case Contribution.Matrix _ -> s.append(" matrix");
      }
      c.views().forEach(v -> append(s, v));
    }
    for (Epilogue e : kernel.epilogues()) {
      s.append(' ').append(kind(e));
      append(s, e.out());
    }
    return new TilingKey(s.toString());
  }

  private static String zeros(Contribution.Product product) {
    return product.zeros().isEmpty() ? "" : " zeros " + TilingCache.hash(product.zeros().text());
  }

  private static String kind(Epilogue epilogue) {
    return switch (epilogue) {
      case Epilogue.Raw _ -> "raw";
      case Epilogue.Scaled s ->
          switch (s.op()) {
            case MoveOut.Requantize r -> r.relu() ? "relu" : "requantize";
            case MoveOut.RequantizeBlocks r -> (r.relu() ? "relu/" : "requantize/") + r.columns();
            case MoveOut.GeluI32 _ -> "gelu";
            case MoveOut.SoftmaxI32 _ -> "softmax";
            case MoveOut.LayerNormI32 _ -> "layernorm";
          };
    };
  }

  private static void append(StringBuilder s, View view) {
    s.append(' ').append(view.dtype()).append(view.strides());
    s.append('+').append(view.offset() * view.dtype().bytes() % LINE);
  }
}

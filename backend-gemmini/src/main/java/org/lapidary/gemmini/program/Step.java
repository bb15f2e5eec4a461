package org.lapidary.gemmini.program;

import java.util.List;

/// A part of a program that one of the two processors runs alone.
public sealed interface Step {
  /// The host evaluates nodes of the graph, given by their index.
  record Host(List<Integer> nodes) implements Step {
    public Host {
      nodes = List.copyOf(nodes);
    }
  }

  /// The accelerator runs commands, the last of which is a fence.
  ///
  /// @param from index of the first command
  /// @param to index after the last one
  /// @param ranges which commands serve which kernels, in order, without gaps
  record Accelerator(int from, int to, List<Range> ranges) implements Step {
    public Accelerator {
      ranges = List.copyOf(ranges);
    }

    /// Index after the last command of a range.
    public int end(int range) {
      return range + 1 < ranges.size() ? ranges.get(range + 1).from() : to;
    }
  }

  /// Commands from one on, up to the next range, that serve a kernel.
  record Range(int from, int kernel) {}
}

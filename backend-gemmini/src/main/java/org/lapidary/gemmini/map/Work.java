package org.lapidary.gemmini.map;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;

/// A unit of work that is scheduled as a whole. Equality is identity.
public abstract sealed class Work {
  private final List<Work> after;

  private Work(Set<Work> after) {
    this.after = List.copyOf(after);
  }

  /// What must have been done before.
  public List<Work> after() {
    return after;
  }

  /// A node that the host evaluates.
  public static final class OnHost extends Work {
    private final Graph.Node<Op> node;

    OnHost(Graph.Node<Op> node, Set<Work> after) {
      super(after);
      this.node = node;
    }

    public Graph.Node<Op> node() {
      return node;
    }
  }

  /// A kernel of the accelerator, or a part of one.
  public static final class OnAccelerator extends Work {
    private final Kernel kernel;
    private final Kernel whole;

    OnAccelerator(Kernel kernel, Set<Work> after) {
      this(kernel, kernel, after);
    }

    private OnAccelerator(Kernel kernel, Kernel whole, Set<Work> after) {
      super(after);
      this.kernel = kernel;
      this.whole = whole;
    }

    /// A part of this work.
    public OnAccelerator part(Kernel part) {
      return new OnAccelerator(part, whole, new LinkedHashSet<>(after()));
    }

    /// The kernel that this is a part of; itself if it is whole.
    public Kernel whole() {
      return whole;
    }

    public Kernel kernel() {
      return kernel;
    }
  }
}

package org.lapidary.sim;

import java.util.List;

/// Several observers as one, told in their order.
final class ObserverChain implements Observer {
  private final List<Observer> observers;

  private ObserverChain(List<Observer> observers) {
    this.observers = List.copyOf(observers);
  }

  /// Only hears of accesses if one of the observers wants to, since hearing of them costs speed.
  static Observer of(List<Observer> observers) {
    ObserverChain chain = new ObserverChain(observers);
    List<AccessObserver> ofAccesses =
        observers.stream()
            .filter(AccessObserver.class::isInstance)
            .map(AccessObserver.class::cast)
            .toList();
    return ofAccesses.isEmpty() ? chain : new OfAccesses(chain, ofAccesses);
  }

  @Override
  public void command(long index, int funct, long rs1, long rs2) {
    for (Observer observer : observers) {
      observer.command(index, funct, rs1, rs2);
    }
  }

  @Override
  public void plainCommand(int funct, long rs1, long rs2) {
    for (Observer observer : observers) {
      observer.plainCommand(funct, rs1, rs2);
    }
  }

  private record OfAccesses(ObserverChain all, List<AccessObserver> ofAccesses)
      implements AccessObserver {
    @Override
    public void command(long index, int funct, long rs1, long rs2) {
      all.command(index, funct, rs1, rs2);
    }

    @Override
    public void plainCommand(int funct, long rs1, long rs2) {
      all.plainCommand(funct, rs1, rs2);
    }

    @Override
    public void memoryRead(long address, int bytes) {
      ofAccesses.forEach(o -> o.memoryRead(address, bytes));
    }

    @Override
    public void memoryWritten(long address, int bytes) {
      ofAccesses.forEach(o -> o.memoryWritten(address, bytes));
    }

    @Override
    public void rowRead(boolean inAccumulator, int row) {
      ofAccesses.forEach(o -> o.rowRead(inAccumulator, row));
    }

    @Override
    public void rowWritten(boolean inAccumulator, int row, boolean added) {
      ofAccesses.forEach(o -> o.rowWritten(inAccumulator, row, added));
    }

    @Override
    public void wrapped(long exact) {
      ofAccesses.forEach(o -> o.wrapped(exact));
    }

    @Override
    public void rowOutOfRange(boolean inAccumulator, int row) {
      ofAccesses.forEach(o -> o.rowOutOfRange(inAccumulator, row));
    }
  }
}

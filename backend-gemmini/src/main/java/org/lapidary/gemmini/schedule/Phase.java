package org.lapidary.gemmini.schedule;

import java.util.List;
import org.lapidary.gemmini.map.Work;

/// Work that needs no order: nothing in it reads what another part of it writes.
public record Phase(List<Work> work) {
  public Phase {
    work = List.copyOf(work);
  }
}

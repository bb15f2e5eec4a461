package org.lapidary.tools.study;

import java.util.List;
import java.util.function.Function;
import org.lapidary.gemmini.GemminiCompiler;
import org.lapidary.gemmini.emit.Tiling;
import org.lapidary.gemmini.emit.TilingSpace;
import org.lapidary.gemmini.map.Kernel;
import org.lapidary.gemmini.map.ScheduleOptions;
import org.lapidary.gemmini.map.ScheduleOptions.Fusion;
import org.lapidary.gemmini.map.ScheduleOptions.Order;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramTiming;
import org.lapidary.gemmini.search.TilingCache;
import org.lapidary.gemmini.search.TilingSearch;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.machine.GemminiParams;
import org.lapidary.machine.Semantics;
import org.lapidary.sim.timing.MemoryTiming;

/// What a graph is compiled for, and how.
///
/// @param machine the accelerator
/// @param tilings how each kernel is cut up
/// @param schedule order and fusion of kernels
record Target(
    GemminiParams machine,
    Function<Kernel.Accumulation, Tiling> tilings,
    ScheduleOptions schedule) {
  /// One operation after the other, nothing fused.
  static final ScheduleOptions PLAIN = new ScheduleOptions(Order.SERIAL, Fusion.OFF);

  /// One operation after the other, cut up as Gemmini's own library does; what it has no hardware
  /// loop for, by a fixed rule.
  static Target library(GemminiParams machine) {
    return new Target(
        machine,
        kernel -> {
          TilingSpace space = new TilingSpace(kernel, machine);
          return space.library().<Tiling>map(t -> t).orElseGet(space::usual);
        },
        PLAIN);
  }

  /// One operation after the other, tilings searched.
  static Target searched(GemminiParams machine, TilingCache cache) {
    TilingSearch search = new TilingSearch(machine, Semantics.RTL, cache);
    return new Target(machine, kernel -> search.choose(kernel).tiling(), PLAIN);
  }

  /// The best there is: tilings searched, kernels overlapped and fused where it pays.
  static Target best(GemminiParams machine, TilingCache cache) {
    return searched(machine, cache).with(ScheduleOptions.DEFAULT);
  }

  Target with(ScheduleOptions newSchedule) {
    return new Target(machine, tilings, newSchedule);
  }

  Program compile(Graph<Op> graph) {
    return GemminiCompiler.compile(graph, machine, Semantics.RTL, schedule, List.of(), tilings);
  }

  /// Cycles of a graph on the machine's own memory.
  long cycles(Graph<Op> graph) {
    return ProgramTiming.of(compile(graph), MemoryTiming.of(machine)).cycles();
  }
}

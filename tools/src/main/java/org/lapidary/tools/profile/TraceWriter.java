package org.lapidary.tools.profile;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.util.MinimalPrettyPrinter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.lapidary.gemmini.program.Program;
import org.lapidary.gemmini.program.ProgramRunner.KernelCycles;
import org.lapidary.gemmini.program.ProgramTimeline;
import org.lapidary.ir.Graph;
import org.lapidary.ir.op.Op;
import org.lapidary.ir.op.OpInfo;
import org.lapidary.machine.isa.Assembly;
import org.lapidary.machine.isa.RoccCommand;
import org.lapidary.sim.timing.Activity;
import org.lapidary.sim.timing.Timeline;
import org.lapidary.sim.timing.Unit;

/// Writes a timeline as it comes, in the JSON that Perfetto and chrome://tracing open: a track per
/// unit, one of the ONNX nodes and one of the host. A microsecond of their axis is a cycle.
///
/// Source: "Trace Event Format", Chromium's trace viewer.
public final class TraceWriter implements ProgramTimeline {
  private static final int NODES = 1;
  private static final int FIRST_UNIT = 2;
  private static final int HOST = FIRST_UNIT + Unit.values().length;

  private final Program program;
  private final TraceOptions options;
  private final boolean[] chosen;
  private final List<String> names = new ArrayList<>();
  private final Map<Unit, Stretch> open = new EnumMap<>(Unit.class);
  private final JsonGenerator json;
  private long slices;

  /// Starts a trace.
  ///
  /// @param out closed by whoever opened it
  public TraceWriter(Program program, TraceOptions options, OutputStream out) {
    this.program = program;
    this.options = options;
    this.chosen = options.chosen(program);
    for (int k = 0; k < chosen.length; k++) {
      names.add(program.mainNode(k));
    }
    try {
      json = new JsonFactory().createGenerator(out);
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      json.setPrettyPrinter(new EventPerLine());
      json.writeStartObject();
      json.writeArrayFieldStart("traceEvents");
      metadata("process_name", 0, "name", program.graph().name());
      track(NODES, "ONNX node");
      for (Unit unit : Unit.values()) {
        track(track(unit), unit.title());
      }
      track(HOST, "host, takes no cycles here");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class EventPerLine extends MinimalPrettyPrinter {
    private static final long serialVersionUID = 1;

    @Override
    public void writeArrayValueSeparator(JsonGenerator g) throws IOException {
      g.writeRaw(",\n");
    }
  }

  /// Number of slices written so far.
  public long slices() {
    return slices;
  }

  @Override
  public void slice(
      Unit unit, Activity activity, int kernel, int funct, long rs1, long rs2, long from, long to) {
    if (!chosen[kernel] || !options.overlaps(from, to)) {
      return;
    }
    Stretch before = open.get(unit);
    if (before != null) {
      if (before.takes(activity, kernel, from, to)) {
        return;
      }
      write(unit, before);
    }
    open.put(unit, new Stretch(options.resolution(), activity, kernel, funct, rs1, rs2, from, to));
  }

  @Override
  public void host(List<Integer> nodes, long at) {
    for (int number : nodes) {
      Graph.Node<Op> node = program.graph().nodes().get(number);
      String origin = node.loc().node();
      boolean wanted = options.only().isEmpty() || options.only().get().matches(origin);
      if (wanted && options.overlaps(at, at + 1)) {
        Map<String, Object> event = event("i", HOST, origin, at);
        event.put("s", "t");
        event.put("args", Map.of("op", OpInfo.of(node.op()).name()));
        write(event);
      }
    }
  }

  /// Writes what is left and the kernels, and ends the document.
  void finish(long cycles, List<KernelCycles> kernels) {
    open.forEach(this::write);
    long at = 0;
    for (KernelCycles k : kernels) {
      if (chosen[k.kernel()] && k.cycles() > 0 && options.overlaps(at, at + k.cycles())) {
        Map<String, Object> event = complete(NODES, names.get(k.kernel()), at, at + k.cycles());
        event.put("args", kernel(k.kernel()));
        write(event);
      }
      at += k.cycles();
    }
    try {
      json.writeEndArray();
      json.writeStringField("displayTimeUnit", "ns");
      Map<String, Object> about = new LinkedHashMap<>();
      about.put("unit", "1 us on the axis is 1 cycle of the accelerator");
      about.put("program", program.graph().name());
      about.put("machine", program.machine().name());
      about.put("cycles", cycles);
      about.put("cycle_model", Profile.model());
      about.put("resolution", options.resolution());
      json.writeFieldName("otherData");
      value(about);
      json.writeEndObject();
      json.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Map<String, Object> kernel(int number) {
    Map<String, Object> args = new LinkedHashMap<>();
    args.put("kernel", number);
    args.put(
        "nodes",
        String.join(
            ", ",
            program.nodesOf(number).stream()
                .map(n -> n.loc().node())
                .filter(n -> !n.isEmpty())
                .distinct()
                .toList()));
    args.put("bound_cycles", program.kernels().get(number).boundCycles());
    return args;
  }

  private void write(Unit unit, Stretch s) {
    String node = names.get(s.kernel);
    boolean joined = s.slices > 1;
    String name =
        joined
            ? node
            : s.activity.waits() ? "waits " + s.activity.meaning() : node + " " + mnemonic(s);
    Map<String, Object> event = complete(track(unit), name, s.from, s.to);
    event.put("cat", joined ? "joined" : s.activity.key());
    event.put("cname", colour(joined ? dominant(s) : s.activity));
    Map<String, Object> args = new LinkedHashMap<>();
    args.put("node", node);
    if (joined) {
      args.put("slices", s.slices);
      s.cycles().forEach((activity, n) -> args.put(activity.key(), n));
    } else if (s.funct != Timeline.NO_COMMAND) {
      args.put("command", command(s));
    }
    event.put("args", args);
    write(event);
    slices++;
  }

  private static Activity dominant(Stretch s) {
    return s.cycles().entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .orElse(Activity.WORK);
  }

  private static String command(Stretch s) {
    return Assembly.disassemble(new RoccCommand(s.funct, s.rs1, s.rs2));
  }

  private static String mnemonic(Stretch s) {
    String text = s.funct == Timeline.NO_COMMAND ? "" : command(s);
    int space = text.indexOf(' ');
    return space < 0 ? text : text.substring(0, space);
  }

  /// Names of colours that the trace viewer knows.
  private static String colour(Activity activity) {
    return switch (activity) {
      case WORK -> "thread_state_running";
      case CONFIGURE, FLUSH -> "generic_work";
      case WAIT_COMMAND -> "grey";
      case WAIT_LOAD -> "terrible";
      case WAIT_EXECUTE -> "yellow";
      case WAIT_STORE -> "bad";
      case WAIT_BANK -> "olive";
      case WAIT_PORT -> "rail_animation";
      case WAIT_NORMALISER -> "rail_response";
      case WAIT_WRITER -> "thread_state_iowait";
      case WAIT_FENCE -> "thread_state_uninterruptible";
    };
  }

  // The track of a unit is its place in the enumeration, which the page shows them in.
  @SuppressWarnings("EnumOrdinal")
  private static int track(Unit unit) {
    return FIRST_UNIT + unit.ordinal();
  }

  private void track(int tid, String title) {
    metadata("thread_name", tid, "name", title);
    metadata("thread_sort_index", tid, "sort_index", tid);
  }

  private void metadata(String name, int tid, String key, Object value) {
    Map<String, Object> event = event("M", tid, name, 0);
    event.put("args", Map.of(key, value));
    write(event);
  }

  private static Map<String, Object> complete(int tid, String name, long from, long to) {
    Map<String, Object> event = event("X", tid, name, from);
    event.put("dur", to - from);
    return event;
  }

  private static Map<String, Object> event(String phase, int tid, String name, long at) {
    Map<String, Object> event = new LinkedHashMap<>();
    event.put("name", name);
    event.put("ph", phase);
    event.put("pid", 1);
    event.put("tid", tid);
    event.put("ts", at);
    return event;
  }

  private void write(Map<String, Object> event) {
    try {
      value(event);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void value(Object value) throws IOException {
    switch (value) {
      case Map<?, ?> map -> {
        json.writeStartObject();
        for (Map.Entry<?, ?> e : map.entrySet()) {
          json.writeFieldName(String.valueOf(e.getKey()));
          value(e.getValue());
        }
        json.writeEndObject();
      }
      case Long n -> json.writeNumber(n);
      case Integer n -> json.writeNumber(n);
      case Double n -> json.writeNumber(n);
      default -> json.writeString(value.toString());
    }
  }
}

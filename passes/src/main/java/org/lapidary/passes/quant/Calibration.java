package org.lapidary.passes.quant;

import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectInputFilter;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.lapidary.ir.Graph;
import org.lapidary.ir.Tensor;
import org.lapidary.ir.Value;
import org.lapidary.ir.op.NnOp;

/// What the values of a graph were like on a set of samples: enough to choose every scale, in
/// memory that does not grow with the samples.
///
/// It belongs to one graph, whose [Value]s are its keys. Calibrations of the same graph on parts of
/// a set, merged, equal the calibration on the whole set.
public final class Calibration {
  private final Map<Value, Histogram> values = new HashMap<>();
  private final Map<Value, ChannelHistogram> channels = new HashMap<>();
  private final Map<Value, ChannelMoments> moments = new HashMap<>();
  private final Map<Value, NormObservation> norms = new HashMap<>();
  private final Map<Value, ScoreObservation> scores = new HashMap<>();
  private final Map<Value, Double> given = new HashMap<>();
  private int samples;

  /// A file may hold anything; no other class than these is ever made from it.
  private static final ObjectInputFilter OWN_STATISTICS =
      ObjectInputFilter.Config.createFilter(
          "org.lapidary.passes.quant.*;java.util.TreeMap;java.lang.Integer;java.lang.Number;"
              + "maxarray=100000000;!*");

  /// Nothing seen yet.
  public Calibration() {}

  /// Runs the float referee on every sample.
  public static Calibration collect(
      Graph<NnOp> graph, Iterable<? extends Map<String, Tensor>> samples) {
    Calibrator calibrator = new Calibrator(graph);
    samples.forEach(calibrator::add);
    return calibrator.calibration();
  }

  /// Adds what another calibration of the same graph saw.
  public void merge(Calibration other) {
    other.values.forEach((v, h) -> histogram(v).merge(h));
    other.channels.forEach((v, c) -> channels(v).merge(c));
    other.moments.forEach((v, m) -> moments(v).merge(m));
    other.norms.forEach((v, n) -> norm(v).merge(n));
    other.scores.forEach((v, s) -> score(v).merge(s));
    given.putAll(other.given);
    samples += other.samples;
  }

  /// Says which step a value is to have, whatever was seen of it.
  public void give(Map<Value, Double> steps) {
    given.putAll(steps);
  }

  /// The step that the model came with, if it did.
  OptionalDouble given(Value value) {
    Double step = given.get(value);
    return step == null ? OptionalDouble.empty() : OptionalDouble.of(step);
  }

  /// Number of samples seen.
  public int samples() {
    return samples;
  }

  /// Distribution of a value of type f32.
  public Histogram of(Value value) {
    return Objects.requireNonNull(values.get(value), () -> "not calibrated: " + value);
  }

  /// The channels of the last axis of a value that enters a product with a weight, or a residual
  /// addition.
  public Optional<ChannelHistogram> ofChannels(Value value) {
    return Optional.ofNullable(channels.get(value));
  }

  /// How the channels of a value that enters a product with a weight go together, if that was to be
  /// observed.
  Optional<ChannelMoments> ofMoments(Value value) {
    return Optional.ofNullable(moments.get(value));
  }

  /// What the LayerNorm with that result saw.
  public NormObservation ofNorm(Value result) {
    return Objects.requireNonNull(norms.get(result), () -> "not calibrated: " + result);
  }

  /// What the softmax with that result saw.
  public ScoreObservation ofSoftmax(Value result) {
    return Objects.requireNonNull(scores.get(result), () -> "not calibrated: " + result);
  }

  /// One of another graph, after as many samples, that has seen no value yet.
  Calibration ofNothing() {
    Calibration other = new Calibration();
    other.samples = samples;
    return other;
  }

  /// Whether the distribution of a value is known.
  boolean knows(Value value) {
    return values.containsKey(value);
  }

  /// Says of a value what another calibration saw of another.
  void take(Calibration other, Value from, Value to) {
    copy(other.values, from, values, to);
    copy(other.given, from, given, to);
    copy(other.norms, from, norms, to);
    copy(other.scores, from, scores, to);
  }

  private static <T> void copy(Map<Value, T> seen, Value from, Map<Value, T> into, Value to) {
    T known = seen.get(from);
    if (known != null) {
      into.put(to, known);
    }
  }

  /// Writes everything seen, for an equal graph to [#restore].
  public void save(Graph<NnOp> graph, OutputStream to) throws IOException {
    Map<Value, Integer> numbers = numbers(graph);
    try (ObjectOutputStream out = new ObjectOutputStream(to)) {
      out.writeInt(samples);
      for (Map<Value, ? extends Serializable> seen :
          List.of(values, channels, moments, norms, scores)) {
        TreeMap<Integer, Serializable> numbered = new TreeMap<>();
        seen.forEach((value, statistics) -> numbered.put(numbers.get(value), statistics));
        out.writeObject(numbered);
      }
    }
  }

  /// Reads what [#save] wrote for an equal graph.
  ///
  /// @throws IOException if it is damaged or written by another version
  public static Calibration restore(Graph<NnOp> graph, InputStream from) throws IOException {
    List<Value> numbered = new ArrayList<>(numbers(graph).keySet());
    Calibration restored = new Calibration();
    try (ObjectInputStream in = new ObjectInputStream(from)) {
      in.setObjectInputFilter(OWN_STATISTICS);
      restored.samples = in.readInt();
      fill(in.readObject(), numbered, Histogram.class, restored.values);
      fill(in.readObject(), numbered, ChannelHistogram.class, restored.channels);
      fill(in.readObject(), numbered, ChannelMoments.class, restored.moments);
      fill(in.readObject(), numbered, NormObservation.class, restored.norms);
      fill(in.readObject(), numbered, ScoreObservation.class, restored.scores);
      return restored;
    } catch (ClassNotFoundException | RuntimeException e) {
      throw new IOException("not a calibration of this version", e);
    }
  }

  private static <T> void fill(
      Object seen, List<Value> numbered, Class<T> type, Map<Value, T> into) {
    ((Map<?, ?>) seen)
        .forEach((number, statistics) ->
            into.put(numbered.get((Integer) number), type.cast(statistics)));
  }

  /// Inputs and results of nodes, numbered in the order of the graph.
  private static Map<Value, Integer> numbers(Graph<NnOp> graph) {
    Map<Value, Integer> numbers = new LinkedHashMap<>();
    graph.inputs().forEach(port -> numbers.put(port.value(), numbers.size()));
    graph.nodes().forEach(node -> numbers.put(node.result(), numbers.size()));
    return numbers;
  }

  void countSamples(int more) {
    samples += more;
  }

  Histogram histogram(Value value) {
    return values.computeIfAbsent(value, _ -> new Histogram());
  }

  ChannelHistogram channels(Value value) {
    return channels.computeIfAbsent(value, v -> new ChannelHistogram(v.type().dim(-1)));
  }

  ChannelMoments moments(Value value) {
    return moments.computeIfAbsent(value, v -> new ChannelMoments(v.type().dim(-1)));
  }

  NormObservation norm(Value result) {
    return norms.computeIfAbsent(result, v -> new NormObservation(v.type().dim(-1)));
  }

  ScoreObservation score(Value result) {
    return scores.computeIfAbsent(result, _ -> new ScoreObservation());
  }
}

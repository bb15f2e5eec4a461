package org.lapidary.tools.generate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/// What a language model made of a prompt.
///
/// @param tokens the new ones, the one that stopped it included
/// @param end why it ended
/// @param verified steps whose logits equal the referee's bit for bit: all of them, or 0 without
///   one
/// @param nanoseconds of wall time, the referee's apart
public record Continuation(List<Long> tokens, End end, int verified, long nanoseconds) {
  /// Why no more tokens came.
  public enum End {
    /// A stop token.
    STOP,
    /// As many tokens as asked for.
    MAX_TOKENS,
    /// The longest program is full.
    LENGTH
  }

  public Continuation {
    tokens = List.copyOf(tokens);
  }

  /// When to end.
  ///
  /// @param maxTokens new ones at most
  /// @param stop tokens after which to end
  public record Limits(int maxTokens, Set<Long> stop) {}

  /// Continues a prompt.
  ///
  /// @param referee compares every step, if given
  /// @param listener told of every token as it comes
  /// @throws IllegalStateException if a step differs from the referee: our bug
  public static Continuation of(
      Generation generation,
      long[] prompt,
      Limits limits,
      Sampler sampler,
      Optional<Referee> referee,
      LongConsumer listener) {
    List<Long> tokens = new ArrayList<>();
    int verified = 0;
    long spent = 0;
    long start = System.nanoTime();
    float[] logits = generation.start(prompt);
    while (true) {
      spent += System.nanoTime() - start;
      if (referee.isPresent()) {
        compare(referee.get().logits(generation.tokens()), logits, generation.tokens().length);
        verified++;
      }
      start = System.nanoTime();
      long token = sampler.next(logits);
      tokens.add(token);
      listener.accept(token);
      Optional<End> end = end(token, tokens.size(), generation.room(), limits);
      if (end.isPresent()) {
        return new Continuation(tokens, end.get(), verified, spent + System.nanoTime() - start);
      }
      logits = generation.append(token);
    }
  }

  private static Optional<End> end(long token, int tokens, int room, Limits limits) {
    if (limits.stop().contains(token)) {
      return Optional.of(End.STOP);
    }
    if (tokens >= limits.maxTokens()) {
      return Optional.of(End.MAX_TOKENS);
    }
    return room == 0 ? Optional.of(End.LENGTH) : Optional.empty();
  }

  private static void compare(float[] expected, float[] actual, int length) {
    int at = Arrays.mismatch(expected, actual);
    if (at >= 0) {
      throw new IllegalStateException(
          "after %d tokens the logit of token %d is %s, the integer referee says %s"
              .formatted(length, at, actual[at], expected[at]));
    }
  }
}

package org.lapidary.gemmini.emit;

import java.util.Scanner;

/// How one accumulation is cut up and brought to the machine: a point of the mapping space.
public sealed interface Tiling permits StreamTiling, LoopTiling {
  /// One line, for people and files.
  String text();

  /// Reads what [#text] wrote.
  ///
  /// @throws RuntimeException of some kind if it is anything else
  static Tiling parse(String text) {
    Scanner words = new Scanner(text);
    return switch (words.next()) {
      case "stream" ->
          new StreamTiling(
              words.nextInt(),
              words.nextInt(),
              words.nextInt(),
              words.nextBoolean(),
              words.nextBoolean(),
              words.nextInt(),
              words.nextInt(),
              words.nextInt(),
              words.nextInt(),
              words.nextBoolean());
      case "loop" -> new LoopTiling(words.nextInt(), words.nextInt(), words.nextInt());
      default -> throw new IllegalArgumentException(text);
    };
  }
}

package org.lapidary.tools.parallel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WorkersTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7, 200})
  void resultsComeInTheOrderOfTheItems(int threads) {
    List<Long> told = new ArrayList<>();

    List<Integer> squares =
        Workers.map(100, threads, Object::new, (_, item) -> item * item, told::add);

    assertThat(squares).isEqualTo(IntStream.range(0, 100).mapToObj(i -> i * i).toList());
    assertThat(told).isEqualTo(LongStream.rangeClosed(1, 100).boxed().toList());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void everyItemIsSeenByOneWorker(int threads) {
    List<AtomicInteger> sums =
        Workers.fold(101, threads, AtomicInteger::new, AtomicInteger::addAndGet, _ -> {});

    assertThat(sums).hasSize(threads);
    assertThat(sums.stream().mapToInt(AtomicInteger::get).sum()).isEqualTo(5050);
  }

  @Test
  void nothingToDoStillGivesAWorker() {
    assertThat(Workers.fold(0, 4, AtomicInteger::new, AtomicInteger::addAndGet, _ -> {}))
        .hasSize(1);
  }

  @Test
  void aFailureEndsTheWorkWithItsOwnException() {
    AtomicInteger seen = new AtomicInteger();

    assertThatThrownBy(() ->
            Workers.map(
                1_000_000,
                2,
                Object::new,
                (_, item) -> {
                  seen.incrementAndGet();
                  if (item == 3) {
                    throw new IllegalArgumentException("item 3");
                  }
                  return item;
                },
                _ -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("item 3");
    assertThat(seen).hasValueLessThan(1_000_000);
  }
}

package org.lapidary.gemmini.emit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.lapidary.gemmini.map.Buffer;
import org.lapidary.testkit.Property;

/// Buffers in use at the same time never share memory; others do.
class MemoryPlanTest {
  @Test
  void buffersAliveTogetherAreApart() {
    Property.holds(
        300,
        random -> {
          List<Buffer> constants = List.of(Buffer.constant("c", 1 + random.nextInt(500)));
          List<MemoryPlan.Lifetime> lifetimes = new ArrayList<>();
          for (int i = 0; i < 20; i++) {
            int from = random.nextInt(30);
            Buffer buffer = Buffer.activation("b" + i, 1 + random.nextInt(1000));
            lifetimes.add(new MemoryPlan.Lifetime(buffer, from, from + random.nextInt(10)));
          }
          MemoryPlan plan = new MemoryPlan(0x1000, constants, lifetimes);
          for (MemoryPlan.Lifetime one : lifetimes) {
            long at = plan.of(one.buffer());
            assertThat(at % 64).isZero();
            assertThat(at).isGreaterThanOrEqualTo(plan.constantEnd());
            assertThat(at + one.buffer().bytes()).isLessThanOrEqualTo(plan.end());
            for (MemoryPlan.Lifetime other : lifetimes) {
              if (!one.equals(other) && one.from() <= other.to() && other.from() <= one.to()) {
                long otherAt = plan.of(other.buffer());
                assertThat(
                        at + one.buffer().bytes() <= otherAt
                            || otherAt + other.buffer().bytes() <= at)
                    .as("%s at %d and %s at %d", one, at, other, otherAt)
                    .isTrue();
              }
            }
          }
        });
  }

  @Test
  void memoryIsTakenOver() {
    List<MemoryPlan.Lifetime> chain = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      chain.add(new MemoryPlan.Lifetime(Buffer.activation("b" + i, 640), i, i + 1));
    }
    MemoryPlan plan = new MemoryPlan(0x1000, List.of(), chain);
    assertThat(plan.end() - plan.constantEnd()).isEqualTo(2 * 640);
  }
}

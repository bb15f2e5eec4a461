package org.lapidary.tools.reference;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// Keeps ONNX Runtime from reporting to its makers. Since 1.29 its packages for Linux and macOS do
/// so by default, unless a variable says no before the first environment is created; and reading
/// the command line for that report overflows the stack where the command line is some kilobytes
/// long. Source: ONNX Runtime, docs/Privacy.md.
final class Telemetry {
  private static final String VARIABLE = "ORT_DISABLE_TELEMETRY";

  private Telemetry() {}

  /// Sets the variable in this very process. Java cannot, the C library can; where it has no
  /// `setenv` (Windows) the runtime does not look at the variable either.
  @SuppressWarnings("restricted") // setenv copies what it is given
  static void disable() {
    Linker linker = Linker.nativeLinker();
    linker
        .defaultLookup()
        .find("setenv")
        .ifPresent(setenv -> {
          MethodHandle handle =
              linker.downcallHandle(
                  setenv,
                  FunctionDescriptor.of(
                      ValueLayout.JAVA_INT,
                      ValueLayout.ADDRESS,
                      ValueLayout.ADDRESS,
                      ValueLayout.JAVA_INT));
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment name = arena.allocateFrom(VARIABLE);
            int _ = (int) handle.invokeExact(name, arena.allocateFrom("1"), 1);
          } catch (Throwable e) {
            throw new IllegalStateException("setenv", e);
          }
        });
  }
}

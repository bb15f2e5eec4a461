/// Job: seeded property harness, case-file runner and test resources shared by every room. May
/// know: JUnit-free plain Java. Must not know: graphs, instructions, protobuf.
@org.jspecify.annotations.NullMarked
package org.lapidary.testkit;

/// Job: work on many items at a time with results that do not depend on the number of threads. May
/// know: nothing. Must not know: what the work is.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.parallel;

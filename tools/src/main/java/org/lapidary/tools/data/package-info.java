/// Job: data files of the user: NumPy arrays, text with a tokenizer, sets of samples. May know:
/// `ir` tensors. Must not know: ops, passes, programs.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.data;

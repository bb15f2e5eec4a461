/// Job: search for sub-networks of a supernet that give up little accuracy and take few cycles. May
/// know: everything below. Must not know: kernels' insides, encodings, where results are printed.
@org.jspecify.annotations.NullMarked
package org.lapidary.tools.search;

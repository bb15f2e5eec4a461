package org.lapidary.ir.op;

/// An operation of the `nn` level: real numbers (f32), indices (i64, i32) and booleans, static
/// shapes. In a quantized graph those that are left run on the host.
public sealed interface NnOp extends Op permits Elementwise, Layout, Indexing, Neural {}

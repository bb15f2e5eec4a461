package org.lapidary.ir.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import org.junit.jupiter.api.Test;
import org.lapidary.ir.DiagnosticException;

class ParseErrorTest {
  private static void assertErrors(String text, String... errors) {
    DiagnosticException e =
        catchThrowableOfType(
            DiagnosticException.class, () -> IrParser.parse("a.ir", text, ConstantStore.NONE));
    assertThat(e).as("no error in\n%s", text).isNotNull();
    assertThat(e.diagnostics()).map(Object::toString).containsExactly(errors);
  }

  private static void assertErrorsIn(String statement, String... errors) {
    assertErrors(
        "graph @g(%x: f32[2,3]) -> f32[2,3] {\n" + statement + "\nreturn y = %x\n}", errors);
  }

  @Test
  void syntax() {
    assertErrors(
        "graph @g(%x: f32[2]) {\n  return y = x\n}",
        "a.ir:2:14: error[syntax]: mismatched input 'x' expecting VALUE");
    assertErrors(
        "graph @g() {\n return $ }", "a.ir:2:9: error[syntax]: token recognition error at: '$'");
    assertErrors("", "a.ir:1:1: error[syntax]: mismatched input '<EOF>' expecting 'graph'");
  }

  @Test
  void allMistakesAreReported() {
    assertErrorsIn(
        "%0 = nn.nonsense(%x) : f32[2]\n%1 = nn.neg(%z) : f32[2]\n%0 = nn.neg(%x) : f32[2,3]",
        "a.ir:2:6: error[type-mismatch]: there is no operation nn.nonsense",
        "a.ir:3:13: error[syntax]: %z is not defined above",
        "a.ir:4:1: error[syntax]: %0 is defined twice");
  }

  @Test
  void types() {
    assertErrorsIn(
        "%0 = nn.neg(%x) : f32[3,2]",
        "a.ir:2:19: error[type-mismatch]: the type is f32[2,3], not f32[3,2]");
    assertErrorsIn("%0 = nn.neg(%x) : f33[2,3]", "a.ir:2:19: error[syntax]: not a type: f33[2,3]");
    assertErrorsIn(
        "%0 = nn.matmul(%x, %x) : f32[2,3]",
        "a.ir:2:6: error[type-mismatch]: matmul of [2, 3] and [2, 3]: inner sizes differ");
    assertErrors(
        "graph @g(%x: f32[2]) -> f32[3] { return y = %x }",
        "a.ir:1:25: error[type-mismatch]: results declared [f32[3]] are [f32[2]]");
  }

  @Test
  void attributes() {
    assertErrorsIn(
        "%0 = nn.softmax(%x) : f32[2,3]",
        "a.ir:2:6: error[type-mismatch]: nn.softmax lacks its attribute axis");
    assertErrorsIn(
        "%0 = nn.softmax(%x) {axis=one} : f32[2,3]",
        "a.ir:2:6: error[type-mismatch]: one is not a value of type int");
    assertErrorsIn(
        "%0 = nn.softmax(%x) {axis=1, axes=2} : f32[2,3]",
        "a.ir:2:6: error[type-mismatch]: nn.softmax has no attribute axes");
    assertErrorsIn(
        "%0 = nn.cast(%x) {to=f64} : f32[2,3]",
        "a.ir:2:6: error[type-mismatch]: f64 is not a value of type DType");
    assertErrorsIn(
        "%0 = nn.const() {data=@w [1.0]} : f32[2]",
        "a.ir:2:6: error[type-mismatch]: 1 elements for f32[2]");
    assertErrorsIn(
        "%0 = nn.const() {data=@w} : f32[2]",
        "a.ir:2:6: error[type-mismatch]: constant w has neither elements nor a hash");
    assertErrorsIn(
        "%0 = nn.const() {data=[maybe]} : bool[1]",
        "a.ir:2:6: error[type-mismatch]: maybe is neither true nor false");
  }
}

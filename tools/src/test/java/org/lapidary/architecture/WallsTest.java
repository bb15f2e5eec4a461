package org.lapidary.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Doors inside the modules; the walls between modules are Maven's.
final class WallsTest {
  private static JavaClasses all = new ClassFileImporter().importPackages("org.lapidary.none");

  @BeforeAll
  static void read() {
    all =
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("org.lapidary");
  }

  private static void mustNotKnow(String room, String... others) {
    noClasses()
        .that()
        .resideInAnyPackage(room)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(others)
        .check(all);
  }

  @Test
  void declarationsOfOperationsKnowNoEvaluatorNoTextNoPass() {
    mustNotKnow(
        "org.lapidary.ir.op",
        "org.lapidary.ir.eval",
        "org.lapidary.ir.text",
        "org.lapidary.ir.pass");
  }

  @Test
  void theGraphKnowsNobodyOutsideItself() {
    mustNotKnow(
        "org.lapidary.ir..",
        "org.lapidary.frontend..",
        "org.lapidary.passes..",
        "org.lapidary.gemmini..",
        "org.lapidary.machine..",
        "org.lapidary.sim..",
        "org.lapidary.tools..");
  }

  @Test
  void theMachineKnowsNoSimulatorAndNeitherKnowsGraphs() {
    mustNotKnow("org.lapidary.machine..", "org.lapidary.sim..", "org.lapidary.ir..");
    mustNotKnow("org.lapidary.sim..", "org.lapidary.ir..");
  }

  @Test
  void architecturalEffectsDoNotDependOnTiming() {
    mustNotKnow("org.lapidary.sim", "org.lapidary.sim.timing..");
    mustNotKnow("org.lapidary.sim.trace..", "org.lapidary.sim.timing..");
  }

  @Test
  void thePassesKnowNoFileFormatAndNoMachine() {
    mustNotKnow(
        "org.lapidary.passes..",
        "org.lapidary.frontend..",
        "org.lapidary.machine..",
        "org.lapidary.sim..",
        "com.google.protobuf..");
  }

  @Test
  void theBackendKnowsNoOnnx() {
    mustNotKnow(
        "org.lapidary.gemmini..",
        "org.lapidary.frontend..",
        "org.lapidary.passes..",
        "com.google.protobuf..");
  }

  @Test
  void onlyTheFrontendAndTheReferenceReadTheWireFormat() {
    noClasses()
        .that()
        .resideOutsideOfPackages("org.lapidary.frontend..", "org.lapidary.tools.reference..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.google.protobuf..")
        .check(all);
  }

  @Test
  void nobodyDependsOnTheCommandLine() {
    noClasses()
        .that()
        .resideOutsideOfPackages("org.lapidary.tools.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("org.lapidary.tools.cli..")
        .check(all);
  }

  @Test
  void toolsHaveNoCircles() {
    slices().matching("org.lapidary.tools.(*)..").should().beFreeOfCycles().check(all);
  }
}

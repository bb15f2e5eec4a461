package org.lapidary.tools.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.lapidary.tools.cli.Shell.BERT;
import static org.lapidary.tools.cli.Shell.compileBert;
import static org.lapidary.tools.cli.Shell.lapidary;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lapidary.tools.cli.Shell.Ran;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.print.PrintOptions;

/// The page of a real model: whole, linked, deterministic; and in a real browser, where there is
/// one, without errors, readable on a phone, usable by keyboard, printable.
final class ReportCommandTest {
  private static final int PHONE = 360;
  private static final int DESKTOP = 1280;

  @TempDir static Path folder = Path.of("");
  private static Path page = Path.of("");
  private static String html = "";
  private static JsonNode document = new ObjectMapper().createObjectNode();

  @BeforeAll
  static void report() throws IOException {
    page = folder.resolve("report.html");
    Ran ran =
        lapidary(
            "report",
            BERT.resolve("model.onnx"),
            "-o",
            page,
            "--dim",
            "batch=1",
            "sequence=32",
            "--task",
            "classify",
            "--data",
            BERT,
            "--length",
            "32",
            "--limit",
            "1",
            "--blame",
            "--calibrate",
            BERT.resolve("calibration"),
            "--calibrate-limit",
            "2",
            "--json");
    assertThat(ran.code()).as(ran.err()).isZero();
    html = Files.readString(page);
    document = new ObjectMapper().readTree(ran.out());
  }

  private static List<String> all(String pattern) {
    return Pattern.compile(pattern)
        .matcher(html)
        .results()
        .map((MatchResult m) -> m.group(1))
        .toList();
  }

  @Test
  void nothingIsFetchedAndEveryLinkLeadsSomewhere() {
    assertThat(all("(?:src|href)=\"([^\"#]+)\"")).containsOnly("data:,");
    assertThat(html).doesNotContain("url(").doesNotContain("@import").doesNotContain("<script src");
    List<String> ids = all("\\sid=\"([^\"]+)\"");
    assertThat(ids).doesNotHaveDuplicates();
    Set<String> known = new HashSet<>(ids);
    List<String> links = all("href=\"#([^\"]+)\"");
    assertThat(links).hasSizeGreaterThan(500).allMatch(known::contains);
  }

  @Test
  void everySectionIsThereWithTheFiguresOfTheDocument() {
    List<String> sections = new ArrayList<>();
    document.get("sections").forEach(s -> sections.add(s.asText()));
    assertThat(sections)
        .containsExactly(
            "summary",
            "accuracy",
            "units",
            "cycles",
            "roofline",
            "placement",
            "why-not",
            "memory",
            "passes",
            "ranges");
    sections.forEach(s -> assertThat(html).contains("<section id=\"" + s + "\""));
    String cycles = Output.count(document.get("cycles").asLong());
    assertThat(html)
        .contains("<strong>" + cycles + "</strong>")
        .contains("gemmini-event-1, mean error 0.7 %")
        .contains("fuse-gelu: ")
        .contains("SQNR, dB");
    long sum = 0;
    for (JsonNode node : document.get("nodes")) {
      sum += node.get("cycles").asLong();
      assertThat(html)
          .contains(
              node.get("node").asText()
                  + "</a></td><td class=\"figure\">"
                  + Output.count(node.get("cycles").asLong()));
    }
    assertThat(sum).isEqualTo(document.get("cycles").asLong());
    assertThat(document.get("validation").get("metric").get("integer").isNumber()).isTrue();
    assertThat(document.get("blame").get("nodes")).isNotEmpty();
  }

  @Test
  void aProgramGivesTheSameBytesEachTimeAndSaysWhatIsNotKnown() throws IOException {
    Path program = folder.resolve("out");
    Ran ran = compileBert(program, 1, 16, 2);
    assertThat(ran.code()).as(ran.err()).isZero();
    Path once = folder.resolve("once.html");
    Path twice = folder.resolve("twice.html");
    assertThat(lapidary("report", program, "-o", once).code()).isZero();
    assertThat(lapidary("report", program, "-o", twice).code()).isZero();
    assertThat(once).hasSameBinaryContentAs(twice);
    assertThat(once).content().contains("no task was given").doesNotContain("id=\"passes\"");
    Path bad = folder.resolve("bad.html");
    ran = lapidary("report", program, "-o", bad, "--task", "classify", "--data", BERT);
    assertThat(ran.code()).isEqualTo(2);
    assertThat(bad).doesNotExist();
  }

  @Test
  void mistakesAreTold() {
    Path bad = folder.resolve("bad.html");
    Ran ran = lapidary("report", BERT.resolve("model.onnx"), "-o", bad, "--blame");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("--task");
    ran = lapidary("report", BERT.resolve("model.onnx"), "-o", bad, "--task", "classify");
    assertThat(ran.code()).isEqualTo(2);
    assertThat(ran.err()).contains("--data");
    ran = lapidary("report", folder.resolve("none.onnx"), "-o", bad);
    assertThat(ran.code()).as(ran.err()).isEqualTo(1);
    assertThat(bad).doesNotExist();
  }

  private static Optional<Path> program(String... names) {
    return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
        .flatMap(folder -> Stream.of(names).map(name -> Path.of(folder, name)))
        .filter(Files::isExecutable)
        .findFirst();
  }

  /// Opens the page in a window of some width and asks it something; it must not complain.
  private static <T> T inBrowser(int width, Function<ChromeDriver, T> question) {
    Optional<Path> browser = program("chromium", "chromium-browser", "google-chrome");
    Optional<Path> remote = program("chromedriver");
    Assumptions.assumeTrue(
        browser.isPresent() && remote.isPresent(), "no chromium and chromedriver on the PATH");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(browser.orElseThrow().toFile());
    options.addArguments(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--user-data-dir=" + folder.resolve("browser-" + System.nanoTime()));
    options.setExperimentalOption(
        "mobileEmulation",
        Map.of("deviceMetrics", Map.of("width", width, "height", 740, "pixelRatio", 1.0)));
    options.setCapability("goog:loggingPrefs", Map.of(LogType.BROWSER, "ALL"));
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(remote.orElseThrow().toFile())
            .usingAnyFreePort()
            .build();
    service.sendOutputTo(OutputStream.nullOutputStream());
    ChromeDriver driver = new ChromeDriver(service, options);
    try {
      driver.manage().timeouts().pageLoadTimeout(Duration.ofSeconds(60));
      driver.get(page.toUri().toString());
      T answer = question.apply(driver);
      assertThat(driver.manage().logs().get(LogType.BROWSER).getAll()).isEmpty();
      return answer;
    } finally {
      driver.quit();
    }
  }

  private static Object told(ChromeDriver driver, String script) {
    return Objects.requireNonNull(driver.executeScript(script));
  }

  private static void widthIsKept(ChromeDriver driver, int width) {
    String unfold = "document.querySelectorAll('details').forEach(d => { d.open = true; });";
    String ask =
        "return [...document.querySelectorAll('body, body *')].filter(e => !e.closest('.table, pre,"
            + " svg, .skip') && e.getBoundingClientRect().right > innerWidth + 0.5)"
            + ".map(e => e.outerHTML.slice(0, 120))";
    for (String first : List.of("", unfold)) {
      driver.executeScript(first);
      assertThat(told(driver, "return document.documentElement.scrollWidth"))
          .isEqualTo((long) width);
      assertThat((List<?>) told(driver, ask)).isEmpty();
    }
    // The check itself: something wider than the window must be noticed.
    driver.executeScript(
        "document.body.insertAdjacentHTML('beforeend', '<hr style=\"width:%dpx\">');"
            .formatted(width + 100));
    assertThat((long) told(driver, "return document.documentElement.scrollWidth"))
        .isGreaterThan(width);
    driver.navigate().refresh(); // folds again, too
  }

  @Test
  void onAPhoneNothingScrollsSidewaysAndItPrints() {
    byte[] pdf =
        inBrowser(
            PHONE,
            driver -> {
              widthIsKept(driver, PHONE);
              return Base64.getDecoder().decode(driver.print(new PrintOptions()).getContent());
            });
    assertThat(new String(pdf, 0, 5, java.nio.charset.StandardCharsets.ISO_8859_1))
        .isEqualTo("%PDF-");
    assertThat(pdf.length).isGreaterThan(50_000);
  }

  @Test
  void theKeyboardReachesContentsNodesAndTheirMentions() {
    inBrowser(
        DESKTOP,
        driver -> {
          widthIsKept(driver, DESKTOP);
          new Actions(driver).sendKeys(Keys.TAB).perform();
          assertThat(driver.switchTo().activeElement().getText()).contains("Skip");
          new Actions(driver).sendKeys(Keys.TAB).perform();
          assertThat(driver.switchTo().activeElement().getText()).isEqualTo("Summary");

          WebElement name = driver.findElement(By.cssSelector("#cycles td.node a"));
          String node = name.getText();
          name.sendKeys(Keys.ENTER);
          WebElement entry = driver.switchTo().activeElement();
          assertThat(entry.getDomAttribute("id")).startsWith("node-");
          assertThat(entry.findElement(By.cssSelector(".name")).getText()).isEqualTo(node);
          assertThat(driver.findElements(By.cssSelector("tr.marked"))).hasSizeGreaterThan(3);

          for (WebElement mention : entry.findElements(By.tagName("a"))) {
            mention.sendKeys(Keys.ENTER);
            WebElement row = driver.switchTo().activeElement();
            assertThat(row.getTagName()).isEqualTo("tr");
            assertThat(row.isDisplayed()).as("unfolded by %s", mention.getText()).isTrue();
            assertThat(row.getText()).contains(node);
          }
          driver.findElement(By.id("filter")).sendKeys("layer.2/output");
          assertThat(driver.findElements(By.cssSelector(".nodes li:not([hidden]) .name")))
              .isNotEmpty()
              .allMatch(e -> e.getText().contains("layer.2/output"));
          return true;
        });
  }
}

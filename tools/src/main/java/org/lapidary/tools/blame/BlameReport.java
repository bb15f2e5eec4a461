package org.lapidary.tools.blame;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.lapidary.tools.blame.Verdict.Outcome;
import org.lapidary.tools.page.Page;

/// An investigation as a document for scripts and as a page for people.
///
/// @param model name of the model
public record BlameReport(String model, Investigation found) {

  /// The keys that scripts read.
  public Map<String, Object> document() {
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("model", model);
    d.put("task", found.task().text());
    d.put("samples", found.samples());
    d.put("metric", found.metric().text());
    d.put("fp32", found.fp32().metric());
    d.put("quantized", outcome(found.quantized()));
    d.put("first_guilty", found.firstGuilty());
    d.put("bisection", found.bisection().stream().map(BlameReport::probe).toList());
    d.put("nodes", found.verdicts().stream().map(this::node).toList());
    d.put("seconds", found.seconds());
    return d;
  }

  private static Map<String, Object> outcome(Outcome outcome) {
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("metric", outcome.metric());
    d.put("noise", outcome.noise());
    return d;
  }

  private static Map<String, Object> probe(Investigation.Probe probe) {
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("quantized_nodes", probe.quantized());
    d.put("last", probe.last());
    d.put("noise", probe.outcome().noise());
    d.put("metric", probe.outcome().metric());
    return d;
  }

  private Map<String, Object> node(Verdict v) {
    Map<String, Object> d = new LinkedHashMap<>();
    d.put("node", v.suspect().node());
    d.put("op", v.suspect().op());
    d.put("only_quantized", outcome(v.alone()));
    d.put("only_float", outcome(v.without()));
    d.put("metric_loss", v.loss(found.metric(), found.fp32()));
    d.put("sqnr_db", v.sqnr());
    d.put("cosine", v.cosine());
    d.put("saturated", v.running().saturated());
    d.put("elements", v.running().elements());
    d.put("histogram", v.running().histogram());
    d.put("cycles", v.suspect().cycles());
    return d;
  }

  /// One decimal.
  public static String number(double x) {
    return String.format(Locale.ROOT, "%.1f", x);
  }

  /// A page that needs nothing but itself.
  public String page() {
    List<String> rows = new ArrayList<>();
    double worst = found.verdicts().stream().mapToDouble(v -> v.alone().noise()).max().orElse(0);
    for (Verdict v : found.verdicts()) {
      rows.add(row(v, worst));
    }
    return """
    <!doctype html>
    <html lang="en"><head><meta charset="utf-8"><title>Who lost it: %1$s</title>
    <style>
    body { font: 14px/1.4 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; color: #222; padding: 0 1rem }
    table { border-collapse: collapse; width: 100%% }
    th, td { padding: .2rem .4rem; border-bottom: 1px solid #e4e4e4; text-align: right; white-space: nowrap }
    th { position: sticky; top: 0; background: #fff; vertical-align: bottom; font-weight: 600 }
    td.name, th.name { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 9rem }
    td.name small { color: #777; display: block }
    tr.guilty { background: #fff1e6 }
    .bar { display: inline-block; height: .7em; background: #c4501b; margin-right: .4em; vertical-align: baseline }
    svg rect { fill: #4a7ba6 } svg line { stroke: #999 }
    p.note { color: #555; max-width: 60rem }
    @media (prefers-color-scheme: dark) { body, th { background: #1b1b1b; color: #ddd } th, td { border-color: #333 }
      tr.guilty { background: #3a2618 } p.note { color: #aaa } }
    </style></head><body>
    <h1>Who lost it: %1$s</h1>
    <p>%2$s on %3$d samples: <b>%4$s</b> in fp32, <b>%5$s</b> quantized. Noise of the outputs: <b>%6$s</b>.
    Half of it is reached with <b>%7$s</b>.</p>
    <table><thead><tr><th class="name">ONNX node</th><th>noise,<br>only it quantized</th><th>noise,<br>only it in float</th>
    <th>%2$s,<br>only it quantized</th><th>%2$s,<br>only it in float</th><th>SQNR<br>dB</th><th>cosine</th><th>saturated</th><th>cycles</th>
    <th>error of its value</th></tr></thead><tbody>
    %8$s
    </tbody></table>
    <p class="note">Worst first. Noise is the power of the error of the model's outputs over the power of the outputs, in decibels.
    SQNR, cosine, saturation and error are of the node's own value while the whole model runs quantized, the errors of all nodes
    before it included; saturated are integers at an end of the int8 range. The errors go from -4 to 4 steps of the value's int8
    grid. A kernel's cycles stand at its matrix product.</p>
    </body></html>
    """
        .formatted(
            Page.escaped(model),
            found.metric().text(),
            found.samples(),
            value(found.fp32().metric()),
            value(found.quantized().metric()),
            decibels(found.quantized().noise()),
            Page.escaped(found.firstGuilty()),
            String.join("\n", rows));
  }

  private String row(Verdict v, double worst) {
    boolean guilty = v.suspect().node().equals(found.firstGuilty());
    double width = worst == 0 ? 0 : 4 * v.alone().noise() / worst;
    return """
    <tr%s><td class="name">%s<small>%s</small></td><td><span class="bar" style="width:%.2fem"></span>%s</td><td>%s</td><td>%s</td>\
    <td>%s</td><td>%s</td><td>%.5f</td><td>%.2f %%</td><td>%,d</td><td>%s</td></tr>\
    """
        .formatted(
            guilty ? " class=\"guilty\"" : "",
            Page.escaped(v.suspect().node()),
            Page.escaped(v.suspect().op()),
            width,
            decibels(v.alone().noise()),
            decibels(v.without().noise()),
            value(v.alone().metric()),
            value(v.without().metric()),
            number(v.sqnr()),
            v.cosine(),
            100 * v.saturation(),
            v.suspect().cycles(),
            histogram(v.running().histogram()));
  }

  private static String histogram(long[] bins) {
    long highest = 1;
    for (long b : bins) {
      highest = Math.max(highest, b);
    }
    StringBuilder svg = new StringBuilder();
    svg.append("<svg width=\"99\" height=\"26\" role=\"img\" aria-label=\"histogram of errors\">");
    svg.append("<line x1=\"49.5\" x2=\"49.5\" y1=\"0\" y2=\"26\"/>");
    for (int i = 0; i < bins.length; i++) {
      // The root shows rare errors, too.
      double height = bins[i] == 0 ? 0 : Math.max(1, 24 * Math.sqrt((double) bins[i] / highest));
      svg.append(
          String.format(
              Locale.ROOT,
              "<rect x=\"%d\" y=\"%.1f\" width=\"2.4\" height=\"%.1f\"/>",
              3 * i,
              25 - height,
              height));
    }
    return svg.append("</svg>").toString();
  }

  private String value(double metric) {
    return found.metric().isShare()
        ? String.format(Locale.ROOT, "%.2f %%", 100 * metric)
        : String.format(Locale.ROOT, "%.4f", metric);
  }

  private static String decibels(double noise) {
    return noise == 0 ? "none" : number(10 * Math.log10(noise)) + " dB";
  }
}

#include "cli/demo/view/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace ripstop::cli::demo {
namespace {

constexpr size_t kBarWidth = 40;
constexpr std::string_view kReviews = "reviews-";

// A line with the columns it takes: escapes take none.
class Line {
 public:
  explicit Line(const Canvas& canvas) : canvas_(canvas) {}

  Line& add(std::string_view text, int color = 0) {
    text = text.substr(0, canvas_.width - std::min(canvas_.width, used_));
    used_ += text.size();
    const bool is_colored = canvas_.has_color && color != 0 && !text.empty();
    text_ += is_colored ? fmt::format("\x1b[{}m{}\x1b[0m", color, text) : std::string(text);
    return *this;
  }
  [[nodiscard]] std::string take() { return std::move(text_) + "\n"; }

 private:
  const Canvas& canvas_;
  std::string text_;
  size_t used_ = 0;
};

enum Color : int { kBold = 1, kRed = 31, kGreen = 32, kYellow = 33, kCyan = 36 };

double percent(double part, double whole) {
  return whole <= 0 ? 0 : 100.0 * part / whole;
}

// What all callers together asked of each workload.
std::map<std::string, Traffic> by_destination(const HopTable& hops) {
  std::map<std::string, Traffic> totals;
  for (const auto& [hop, figures] : hops) totals[hop.destination] += figures;
  return totals;
}

void add_split(std::vector<std::string>& lines, const std::map<std::string, Traffic>& totals, const Canvas& canvas) {
  constexpr std::array kColors = {Color::kGreen, Color::kYellow, Color::kRed};
  double all = 0;
  for (const auto& [name, figures] : totals) all += name.starts_with(kReviews) ? figures.requests : 0;
  lines.push_back(Line(canvas).add("SPLIT OF REVIEWS", kBold).take());
  size_t at = 0;
  for (const char* version : {"v1", "v2", "v3"}) {
    const auto found = totals.find(std::string(kReviews) + version);
    const double share = percent(found == totals.end() ? 0 : found->second.requests, all);
    const auto filled = static_cast<size_t>(share * kBarWidth / 100 + 0.5);
    lines.push_back(Line(canvas)
                        .add(fmt::format("  {}  ", version))
                        .add(std::string(filled, '#'), kColors[at++])
                        .add(std::string(kBarWidth - filled, '.'))
                        .add(fmt::format(" {:6.2f} %", share))
                        .take());
  }
}

void add_services(std::vector<std::string>& lines, const std::map<std::string, Traffic>& totals, double seconds,
                  const Canvas& canvas) {
  lines.push_back(Line(canvas)
                      .add(fmt::format("{:<16} {:>9} {:>9} {:>9} {:>9} {:>9}", "SERVICE", "RPS", "SUCCESS", "P50 MS",
                                       "P95 MS", "P99 MS"),
                           kBold)
                      .take());
  for (const auto& [name, figures] : totals) {
    const double success = percent(figures.requests - figures.failures, figures.requests);
    const double rps = seconds > 0 ? figures.requests / seconds : 0;
    lines.push_back(Line(canvas)
                        .add(fmt::format("{:<16} {:>9.0f} ", name, rps))
                        .add(fmt::format("{:>7.2f} %", success), figures.failures <= 0 ? kGreen : kRed)
                        .add(fmt::format(" {:>9.2f} {:>9.2f} {:>9.2f}", percentile(figures, 0.50).value_or(0),
                                         percentile(figures, 0.95).value_or(0), percentile(figures, 0.99).value_or(0)))
                        .take());
  }
}

void add_hops(std::vector<std::string>& lines, const HopTable& hops, const Canvas& canvas) {
  lines.push_back(Line(canvas).add(fmt::format("{:<36} {:>9} {:>11}", "HOP", "REQUESTS", "MUTUAL TLS"), kBold).take());
  for (const auto& [hop, figures] : hops) {
    const bool is_all = figures.mutual_tls >= figures.requests;
    lines.push_back(
        Line(canvas)
            .add(fmt::format("{:<36} {:>9.0f} ", hop.source + " > " + hop.destination, figures.requests))
            .add(fmt::format("{:>9.2f} %", percent(figures.mutual_tls, figures.requests)), is_all ? kGreen : kRed)
            .take());
  }
}

}  // namespace

std::string render_picture(const Picture& picture, const Canvas& canvas) {
  const std::map<std::string, Traffic> totals = by_destination(picture.hops);
  std::vector<std::string> lines;
  lines.push_back(Line(canvas).add("Ripstop demo  ", kBold).add(picture.what, kCyan).take());
  lines.emplace_back("\n");
  add_split(lines, totals, canvas);
  lines.emplace_back("\n");
  add_services(lines, totals, picture.seconds, canvas);
  lines.emplace_back("\n");
  for (const Outcome& outcome : picture.outcomes) {
    lines.push_back(Line(canvas)
                        .add(outcome.ok ? "ok     " : "FAILED ", outcome.ok ? kGreen : kRed)
                        .add(outcome.name + ": " + outcome.measured)
                        .take());
  }
  if (!picture.outcomes.empty()) lines.emplace_back("\n");
  add_hops(lines, picture.hops, canvas);
  std::string text;
  for (size_t i = 0; i < std::min(lines.size(), canvas.height); ++i) text += lines[i];
  return text;
}

}  // namespace ripstop::cli::demo

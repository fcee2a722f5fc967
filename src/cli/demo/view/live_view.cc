#include "cli/demo/view/live_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace ripstop::cli::demo {
namespace {

// Long enough for a steady split, short enough to see it change.
constexpr auto kWindow = std::chrono::seconds(3);

constexpr std::string_view kTakeOver = "\x1b[?1049h\x1b[?25l";
constexpr std::string_view kGiveBack = "\x1b[?25h\x1b[?1049l";
constexpr std::string_view kHome = "\x1b[H";
constexpr std::string_view kClearLine = "\x1b[K";
constexpr std::string_view kClearBelow = "\x1b[J";

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

Canvas measure_terminal() {
  Canvas canvas;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 1) {
    canvas.width = size.ws_col;
    // The cursor stands on the last row: drawing there would scroll.
    canvas.height = size.ws_row - 1U;
  }
  return canvas;
}

}  // namespace

LiveView::LiveView(const Stage& stage, bool has_color) : stage_(stage), has_color_(has_color) {
  print(kTakeOver);
}

LiveView::~LiveView() {
  print(kGiveBack);
}

void LiveView::begin(const std::string& what) {
  picture_.what = what;
  draw();
}

void LiveView::add(const Outcome& outcome) {
  picture_.outcomes.push_back(outcome);
  draw();
}

void LiveView::refresh() {
  readings_.push_back({Clock::now(), stage_.read_hops()});
  while (readings_.size() > 2 && readings_.back().when - readings_[1].when >= kWindow) readings_.pop_front();
  const Reading& oldest = readings_.front();
  const Reading& newest = readings_.back();
  picture_.hops = since(newest.hops, oldest.hops);
  picture_.seconds = std::chrono::duration<double>(newest.when - oldest.when).count();
  draw();
}

void LiveView::draw() const {
  Canvas canvas = measure_terminal();
  canvas.has_color = has_color_;
  std::string text(kHome);
  for (const char c : render_picture(picture_, canvas)) {
    if (c == '\n') text += kClearLine;
    text += c;
  }
  print(text.append(kClearBelow));
}

bool can_draw() {
  const char* terminal = std::getenv("TERM");
  return isatty(STDOUT_FILENO) == 1 && terminal != nullptr && *terminal != '\0' && std::string_view(terminal) != "dumb";
}

}  // namespace ripstop::cli::demo

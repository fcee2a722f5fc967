// The picture on a terminal, drawn anew again and again. On a screen of its own: what was there before comes back.
#pragma once

#include <chrono>
#include <deque>
#include <string>

#include "base/time.h"
#include "cli/demo/stage.h"
#include "cli/demo/view/picture.h"

namespace ripstop::cli::demo {

class LiveView {
 public:
  // Takes over the terminal on standard output. `stage` must outlive it.
  LiveView(const Stage& stage, bool has_color);
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;
  ~LiveView();

  void begin(const std::string& what);
  void add(const Outcome& outcome);
  // Asks the proxies and draws.
  void refresh();

 private:
  struct Reading {
    TimePoint when;
    HopTable hops;
  };
  void draw() const;

  const Stage& stage_;
  bool has_color_;
  Picture picture_;
  std::deque<Reading> readings_;
};

// Is standard output a terminal that can be drawn on?
[[nodiscard]] bool can_draw();

}  // namespace ripstop::cli::demo

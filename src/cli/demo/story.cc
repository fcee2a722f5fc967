#include "cli/demo/story.h"

#include <array>

namespace ripstop::cli::demo {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr uint64_t kSplitRequests = 10'000;
constexpr seconds kEffectPatience{10};
constexpr milliseconds kBetweenLooks{50};

// A step cannot be carried out: an Error. It can, and shows something else than it should: an Outcome.
using Played = Result<Outcome>;

Load pages(uint64_t requests) {
  return {.service = "productpage:9080", .target = "/productpage", .requests = requests, .headers = {}};
}

Load reviews(uint64_t requests, std::vector<std::string> headers = {}) {
  return {.requests = requests, .headers = std::move(headers)};
}

Played play_baseline(Stage& stage, uint64_t requests) {
  Result<LoadReport> load = stage.run_load(pages(requests));
  if (!load) return fail_with(load);
  return judge_baseline(*load);
}

Played play_mutual_tls(Stage& stage, uint64_t requests) {
  const HopTable before = stage.read_hops();
  Result<LoadReport> load = stage.run_load(pages(requests));
  if (!load) return fail_with(load);
  // A proxy counts a request once all of its answer is sent.
  const TimePoint deadline = Clock::now() + kEffectPatience;
  for (;;) {
    Outcome outcome = judge_mutual_tls(since(stage.read_hops(), before));
    if (outcome.ok || Clock::now() >= deadline) return outcome;
    if (Status waited = stage.attention().pause(kBetweenLooks); !waited) return fail_with(waited);
  }
}

Played play_split(Stage& stage, const char* file, double v1_percent) {
  if (Status applied = stage.apply(file); !applied) return fail_with(applied);
  Result<LoadReport> load = stage.run_load(reviews(kSplitRequests));
  if (!load) return fail_with(load);
  return judge_split("", v1_percent, *load);
}

Played play_first_split(Stage& stage, uint64_t) {
  return play_split(stage, "75-25.yaml", 75);
}

Played play_second_split(Stage& stage, uint64_t) {
  return play_split(stage, "80-20-v1alpha3.yaml", 80);
}

Played play_user(Stage& stage, uint64_t requests) {
  if (Status applied = stage.apply("user-to-v3.yaml"); !applied) return fail_with(applied);
  Result<LoadReport> user = stage.run_load(reviews(requests, {"end-user: jason"}));
  if (!user) return fail_with(user);
  Result<LoadReport> others = stage.run_load(reviews(requests, {"end-user: alice"}));
  if (!others) return fail_with(others);
  return judge_user(*user, *others);
}

Result<LoadReport> ask_flaky(Stage& stage, const char* file, uint64_t requests) {
  if (Status applied = stage.apply(file); !applied) return fail_with(applied);
  return stage.run_load(reviews(requests, {"x-demo-flaky: v2"}));
}

Played play_flaky(Stage& stage, uint64_t requests) {
  Result<LoadReport> load = ask_flaky(stage, "no-retries.yaml", requests);
  if (!load) return fail_with(load);
  return judge_flaky(*load);
}

Played play_retries(Stage& stage, uint64_t requests) {
  Result<LoadReport> load = ask_flaky(stage, "retry.yaml", requests);
  if (!load) return fail_with(load);
  return judge_retries(*load);
}

// Asks until it is refused, for a while.
Status ask_until_refused(Stage& stage, Plaintext& plaintext) {
  const TimePoint deadline = Clock::now() + kEffectPatience;
  for (;;) {
    const Result<int> status = stage.ask_in_plaintext("reviews-v1");
    plaintext.status_after = status.value_or(0);
    if (!status) plaintext.refusal = status.error().message;
    if (!status || Clock::now() >= deadline) return {};
    if (Status waited = stage.attention().pause(kBetweenLooks); !waited) return waited;
  }
}

Played play_strict(Stage& stage, uint64_t requests) {
  Plaintext plaintext;
  plaintext.status_before = stage.ask_in_plaintext("reviews-v1").value_or(0);
  if (Status applied = stage.apply("strict-mtls.yaml"); !applied) return fail_with(applied);
  if (Status asked = ask_until_refused(stage, plaintext); !asked) return fail_with(asked);
  Result<LoadReport> members = stage.run_load(pages(requests));
  if (!members) return fail_with(members);
  return judge_strict(plaintext, *members);
}

struct Step {
  const char* name;
  const char* what;
  Played (*play)(Stage& stage, uint64_t requests);
};

constexpr std::array kSteps = {
    Step{"baseline", "all versions of reviews take part", play_baseline},
    Step{"mutual-tls", "every hop is mutual TLS", play_mutual_tls},
    Step{"split-75-25", "75/25 split of reviews by VirtualService and DestinationRule", play_first_split},
    Step{"split-80-20-v1alpha3", "80/20 split in v1alpha3 with a fully qualified host", play_second_split},
    Step{"user-to-v3", "one user goes to v3 by header", play_user},
    Step{"flaky-without-retries", "a flaky version is felt", play_flaky},
    Step{"retries", "a retry policy hides the flaky version", play_retries},
    Step{"strict-mtls", "strict mutual TLS locks a plaintext client out", play_strict},
};

}  // namespace

std::vector<Outcome> tell_story(Stage& stage, const Audience& audience, uint64_t requests) {
  std::vector<Outcome> outcomes;
  for (const Step& step : kSteps) {
    audience.on_begin(step.what);
    Played played = step.play(stage, requests);
    if (!played && played.error().code == ErrorCode::kCancelled) return outcomes;
    Outcome outcome = played ? std::move(*played) : Outcome{"", step.what, played.error().message, false};
    outcome.name = step.name;
    audience.on_outcome(outcomes.emplace_back(std::move(outcome)));
  }
  return outcomes;
}

}  // namespace ripstop::cli::demo

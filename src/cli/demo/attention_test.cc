#include "cli/demo/attention.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "cli/demo/child.h"

namespace ripstop::cli::demo {
namespace {

using std::chrono::milliseconds;

Attention attention() {
  return Attention(PassedSignals::block().value());
}

Result<Child> shell(const std::string& script) {
  return Child::start({.program = "/bin/sh", .arguments = {"-c", script}});
}

TEST(Attention, IsCutShortByASignalAndStaysSo) {
  Attention waiting = attention();
  raise(SIGTERM);
  const auto waited = waiting.wait({}, kNever);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, ErrorCode::kCancelled);
  EXPECT_EQ(waiting.ending_signal(), SIGTERM);
  EXPECT_FALSE(waiting.pause(milliseconds(0)));
}

TEST(Attention, TellsWhatIsReadableFromTheDeadline) {
  Attention waiting = attention();
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  EXPECT_FALSE(waiting.wait({ends[0]}, Clock::now()).value());
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  EXPECT_TRUE(waiting.wait({ends[0]}, kNever).value());
  close(ends[0]);
  close(ends[1]);
}

TEST(Attention, CallsWhileItWaits) {
  Attention waiting = attention();
  int calls = 0;
  waiting.every(milliseconds(0), [&calls] {
    if (++calls == 3) raise(SIGINT);
  });
  EXPECT_FALSE(waiting.wait({}, kNever));
  EXPECT_EQ(calls, 3);
}

TEST(Child, HasTheExitStatusOfAShell) {
  EXPECT_EQ(shell("exit 3").value().reap(), 3);
  EXPECT_EQ(shell("kill -9 $$").value().reap(), 128 + SIGKILL);
}

TEST(Child, EndsWithItsOwner) {
  int fd = -1;
  {
    Child child = shell("exec sleep 1000").value();
    EXPECT_FALSE(child.has_ended());
    fd = dup(child.fd());
  }
  siginfo_t info{};
  EXPECT_EQ(waitid(P_PIDFD, static_cast<id_t>(fd), &info, WEXITED | WNOHANG), -1) << "it was waited for";
  close(fd);
}

TEST(Child, CanBeMoved) {
  Child first = shell("exit 1").value();
  Child second = std::move(first);
  EXPECT_TRUE(first.has_ended()) << "there is none any more";  // NOLINT(bugprone-use-after-move): on purpose
  first = shell("exit 2").value();
  EXPECT_EQ(second.reap(), 1);
  EXPECT_EQ(first.reap(), 2);
}

}  // namespace
}  // namespace ripstop::cli::demo

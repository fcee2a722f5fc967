#include "cli/capture/descendants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

namespace ripstop::cli {
namespace {

using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

TEST(Descendants, AProgramsNameMayHoldBracketsAndSpaces) {
  const Parenthood one = parse_parenthood("42 (a) R 7) x) S 17 42 42 0 -1 4194304");
  EXPECT_EQ(one.process, 42);
  EXPECT_EQ(one.parent, 17);
}

TEST(Descendants, TextThatIsNoStatGivesNobody) {
  for (const char* text : {"", "42", "42 (name", "42 (name) S", ") (", "x (name) S y 1"}) {
    const Parenthood one = parse_parenthood(text);
    EXPECT_EQ(one.process * one.parent, 0) << text;
  }
}

TEST(Descendants, GrandchildrenCountAndStrangersDoNot) {
  const std::vector<Parenthood> processes{{2, 1}, {3, 2}, {4, 3}, {5, 1}, {6, 5}};
  EXPECT_THAT(descendants_of(2, processes), UnorderedElementsAre(3, 4));
  EXPECT_THAT(descendants_of(4, processes), IsEmpty());
}

TEST(Descendants, ALoopOfParentsEnds) {
  EXPECT_THAT(descendants_of(1, {{2, 1}, {1, 2}, {3, 3}}), UnorderedElementsAre(2));
}

// The child leaves a grandchild in a session of its own behind, which ignores SIGTERM.
[[noreturn]] void leave_an_orphan(int report) {
  const pid_t orphan = fork();
  if (orphan == 0) {
    setsid();
    signal(SIGTERM, SIG_IGN);
    const pid_t self = getpid();
    (void)!write(report, &self, sizeof self);
    for (;;) pause();
  }
  for (;;) pause();
}

TEST(Descendants, OrphansInTheBackgroundEndToo) {
  adopt_orphans();
  std::array<int, 2> report{};
  ASSERT_EQ(pipe(report.data()), 0);
  const pid_t child = fork();
  if (child == 0) leave_an_orphan(report[1]);
  pid_t orphan = 0;
  ASSERT_EQ(read(report[0], &orphan, sizeof orphan), static_cast<ssize_t>(sizeof orphan));
  end_descendants();
  EXPECT_EQ(kill(child, 0), -1);
  EXPECT_EQ(kill(orphan, 0), -1);
  close(report[0]);
  close(report[1]);
}

}  // namespace
}  // namespace ripstop::cli

#include "cli/capture/broker.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <utility>

#include "cli/capture/descriptor_channel.h"

namespace ripstop::cli {
namespace {

class BrokerTest : public ::testing::Test {
 protected:
  BrokerTest() : main_(*make_channel()), broker_(std::move(main_.there)) {}

  // One turn of its loop.
  bool turn() {
    std::vector<pollfd> polled;
    broker_.watch(polled);
    poll(polled.data(), polled.size(), 1000);
    return broker_.serve(polled);
  }
  runtime::FileDescriptor open_channel() {
    Channel channel = *make_channel();
    const int theirs = channel.there.get();
    EXPECT_TRUE(send_message(main_.here.get(), "C", {&theirs, 1}));
    channel.there.close();
    EXPECT_TRUE(turn());
    return std::move(channel.here);
  }
  size_t watched() {
    std::vector<pollfd> polled;
    broker_.watch(polled);
    return polled.size();
  }

  Channel main_;
  Broker broker_;
};

int family_of(int fd) {
  int family = 0;
  socklen_t size = sizeof family;
  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size);
  return family;
}

TEST_F(BrokerTest, MakesSocketsOfTheFamilyThatIsAskedFor) {
  const runtime::FileDescriptor channel = open_channel();
  for (const auto& [word, family] : {std::pair{"4", AF_INET}, std::pair{"6", AF_INET6}}) {
    ASSERT_TRUE(send_message(channel.get(), word));
    ASSERT_TRUE(turn());
    const Result<Message> answer = receive_message(channel.get());
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->bytes, word);
    ASSERT_EQ(answer->descriptors.size(), 1U);
    EXPECT_EQ(family_of(answer->descriptors.front().get()), family);
  }
}

TEST_F(BrokerTest, EndsWithItsMainChannelAndNotBefore) {
  {
    const runtime::FileDescriptor channel = open_channel();
  }
  EXPECT_TRUE(turn()) << "a worker that went is no reason";
  EXPECT_EQ(watched(), 1U);
  main_.here.close();
  EXPECT_FALSE(turn());
}

TEST_F(BrokerTest, AChannelThatTalksNonsenseIsClosed) {
  const runtime::FileDescriptor channel = open_channel();
  ASSERT_TRUE(send_message(channel.get(), "socket please"));
  EXPECT_TRUE(turn());
  EXPECT_EQ(watched(), 1U);
}

TEST_F(BrokerTest, AMainMessageWithoutADescriptorOpensNothing) {
  ASSERT_TRUE(send_message(main_.here.get(), "C"));
  EXPECT_TRUE(turn());
  EXPECT_EQ(watched(), 1U);
}

}  // namespace
}  // namespace ripstop::cli

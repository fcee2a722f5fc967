#include "load/serve/serve.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstdio>
#include <memory>
#include <utility>

#include "load/serve/server_connection.h"

namespace ripstop::load {
namespace {

std::unique_ptr<ServerConnection> make_connection(Service service, Served& served, runtime::FileDescriptor fd) {
  switch (service) {
    case Service::kHttp1:
      return make_http1_connection(served, std::move(fd));
    case Service::kHttp2:
      return make_http2_connection(served, std::move(fd));
    case Service::kEcho:
      return make_echo_connection(served, std::move(fd));
    case Service::kSource:
      return make_source_connection(served, std::move(fd));
    case Service::kSink:
      return make_sink_connection(served, std::move(fd));
  }
  return nullptr;
}

class Listener final : public PollHandler {
 public:
  Listener(Served& served, Service service, runtime::FileDescriptor fd)
      : served_(served), service_(service), fd_(std::move(fd)) {
    served_.loop().add(fd_.get(), EPOLLIN, *this);
  }

  void on_events(uint32_t /*events*/) override {
    for (;;) {
      runtime::FileDescriptor fd(accept4(fd_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd.is_valid()) return;
      const int on = 1;
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      ServerConnection::adopt(make_connection(service_, served_, std::move(fd)));
    }
  }

 private:
  Served& served_;
  Service service_;
  runtime::FileDescriptor fd_;
};

}  // namespace

Status serve(const ServeOptions& options) {
  auto fd = open_listener(options.address);
  if (!fd) return fail_with(fd);
  Served served(options);
  const Listener listener(served, options.service, std::move(*fd));
  std::printf("listening on %s\n", options.address.to_string().c_str());
  std::fflush(stdout);
  for (;;) served.loop().turn(-1);
}

}  // namespace ripstop::load

// One accepted connection: who it is for, what it speaks, and who serves it.
#pragma once

#include "proxy/exchange.h"
#include "proxy/worker/worker.h"
#include "runtime/task.h"

namespace ripstop::proxy {

// The connection's whole life. Never fails outwards: what goes wrong is answered, counted and logged here.
runtime::Task<void> serve_connection(Worker& worker, ListenerRef accepted, runtime::FileDescriptor fd);

// `received` was read while the protocol was detected.
runtime::Task<void> serve_http1(Worker& worker, Worker::Seat& seat, net::StreamPtr stream, ConnectionFacts facts,
                                std::string received);
runtime::Task<void> serve_http2(Worker& worker, Worker::Seat& seat, net::StreamPtr stream, ConnectionFacts facts,
                                std::string received);
runtime::Task<void> serve_tcp(Worker& worker, Worker::Seat& seat, net::StreamPtr stream, ConnectionFacts facts,
                              std::string received);

}  // namespace ripstop::proxy

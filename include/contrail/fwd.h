#pragma once

/// Names only.
namespace contrail::inline v0 {

template <class Signature>
class Function;
class Error;
template <class T>
class Result;
class AnyRef;
class CreationSite;
struct ResourceInfo;

class AsyncHook;
class AsyncResource;
template <class T>
class AsyncLocalStorage;
namespace async_context {
template <class T>
class Variable;
class Snapshot;
class SharedSnapshot;
}  // namespace async_context

class Loop;
class Timeout;
class Immediate;
template <class T>
class Promise;  // Promise<> is Promise<void>: see promise.h.
template <class T>
class Resolver;

class SocketAddress;
class Stream;
class TcpSocket;
class TcpServer;
template <class Socket>
class StreamServer;
class Pipe;
class PipeServer;
class Tty;
class UdpSocket;
class Process;
class SignalWatcher;
class PollWatcher;
class FsWatcher;
class StatWatcher;
class Worker;
template <class In, class Out>
class MessagePort;
class File;
class FileReader;
class FileWriter;

namespace http {
class Headers;
class Request;
class Response;
class Server;
}  // namespace http

namespace hooks {
class ChromeTrace;
class EventLog;
}  // namespace hooks

}  // namespace contrail::inline v0

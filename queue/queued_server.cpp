#include "queue/queued_server.hpp"

#include "base/net/signals.hpp"
#include "base/net/timer.hpp"
#include "base/sys/environment.hpp"
#include "base/sys/limits.hpp"
#include "base/sys/log.hpp"
#include "queue/exit_code.hpp"
#include "queue/reception.hpp"
#include "queue/trouble.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <ctime>
#include <exception>
#include <utility>

namespace grapnel::queue {

using boost::asio::awaitable;
using namespace std::chrono_literals;

namespace {

// As long as qmail-queue's alarm: a submitter may be slow, but not for ever.
constexpr auto message_limit = 24h;
constexpr auto ending_limit = 60s;   // then what is still coming is dropped, unacknowledged
constexpr std::size_t most_connections = 4000, most_of_a_uid = 50;
// Each connection holds its socket and the files and directories of one message.
constexpr std::size_t descriptors_each = 6, other_descriptors = 50;

void log(const std::string& text) { log_line_now(2, "qmail-queued: " + text); }

}

QueuedServer::QueuedServer(net::Loop& loop, int listener, const Trusted& trusted, OwnCode own_queue,
                           bool fsync_each)
    : loop_(loop),
      listener_(listener),
      trusted_(trusted),
      own_queue_(std::move(own_queue)),
      most_(places_by_descriptors(most_connections, descriptors_each, other_descriptors)),
      spool_(Spool::open()),
      directories_(spool_),
      group_(loop.executor(), fsync_each)
{
}

int QueuedServer::run()
{
    begin(accept());
    begin(commits());
    begin(await_signal());
    loop_.run();
    return exit_code_;
}

void QueuedServer::begin(awaitable<void> work)
{
    net::start(loop_.executor(), std::move(work), [](std::exception_ptr trouble) {
        if (!trouble) return;
        try {
            std::rethrow_exception(trouble);
        } catch (const std::system_error& error) {
            const int number = error.code().value();
            if (number != ECONNRESET && number != EPIPE && number != ETIMEDOUT) log(error.what());
        } catch (const std::exception& error) {
            log(error.what());
        }
    });
}

bool QueuedServer::has_room(uid_t uid) const
{
    if (total_ >= most_) return false;
    if (uid == trusted_.daemon || uid == trusted_.send || uid == trusted_.owner || uid == 0 ||
        in_sandbox())
        return true;
    if (total_ >= most_ - most_ / 4) return false;   // the rest is for mail of the network
    const auto found = connections_.find(uid);
    return found == connections_.end() || found->second < most_of_a_uid;
}

awaitable<void> QueuedServer::accept()
{
    while (!ending_) {
        co_await net::readable(listener_);
        if (ending_) co_return;   // it waits for our successor
        Fd socket(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket) {
            if (errno != EAGAIN) co_await net::sleep_for(100ms);
            continue;
        }
        struct ucred about {};
        socklen_t size = sizeof about;
        if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &about, &size) != 0) continue;
        if (!has_room(about.uid)) {
            const auto answer = encode(QueuedAnswer{exit_code::server_refused_later, process_,
                                                    "Zthe queue is too busy (#4.3.2)"});
            ::send(socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            continue;
        }
        count(about.uid);
        ++total_;
        begin(serve(std::move(socket),
                    {about.uid, about.pid > 0 ? about.pid : ::getpid(), about.uid}));
    }
}

awaitable<void> QueuedServer::serve(Fd socket, Peer peer)
{
    std::optional<net::Stream> stream;
    struct Left {
        QueuedServer& server;
        const Peer& peer;
        std::optional<net::Stream>& stream;
        ~Left() { server.left(peer, stream ? &*stream : nullptr); }
    } const left{*this, peer, stream};   // before the stream: the connection is counted already
    stream.emplace(loop_.executor(), std::move(socket));
    streams_.insert(&*stream);
    try {
        for (bool more = true; more && !ending_;) more = co_await take_message(*stream, peer);
    } catch (const net::Interrupted&) {
        // We end, and this one was between messages or took too long: its message is not queued.
    }
}

awaitable<std::optional<FrameHead>> QueuedServer::next_head(net::Stream& stream)
{
    while (stream.buffered().size() < FrameHead::size) {
        const bool more = co_await stream.fill();
        if (!more) co_return std::nullopt;
    }
    const auto head = decode_frame_head(stream.buffered());
    stream.consume(FrameHead::size);
    if (head && (head->kind == FrameHead::Kind::answer || head->kind == FrameHead::Kind::go_on))
        co_return std::nullopt;
    co_return head;
}

// qmail-queue says whose message it has; or somebody would start it, and asks whether he need.
// nullopt: somebody who may not, or nonsense; he is to start or to be qmail-queue himself.
awaitable<std::optional<ActsFor>> QueuedServer::whom_it_acts_for(net::Stream& stream,
                                                                 const FrameHead& head, Peer& peer)
{
    const bool instead = head.kind == FrameHead::Kind::instead;
    if ((!instead && peer.uid != trusted_.owner) || head.length > 64) co_return std::nullopt;
    while (stream.buffered().size() < head.length) {
        const bool more = co_await stream.fill();
        if (!more) co_return std::nullopt;
    }
    std::optional<ActsFor> who = ActsFor{peer.uid, peer.process};
    if (!instead) who = decode_acts_for(stream.buffered().substr(0, head.length));
    stream.consume(head.length);
    if (instead) own_queue_.refresh();
    if (!who || (instead && !own_queue_.is_in_file()) || !count_as(peer, who->uid))
        co_return std::nullopt;
    const std::string word = encode(FrameHead{FrameHead::Kind::go_on, 0});
    co_await stream.write(word);
    co_return who;
}

Submitter QueuedServer::submitter(const ActsFor& who) const
{
    const auto uid = who.uid;
    Submitter result{uid, static_cast<std::uint64_t>(who.process), ::time(nullptr),
                     "by uid " + std::to_string(uid), in_sandbox()};
    if (in_sandbox()) return result;
    if (uid == trusted_.alias) result.invoked = "by alias";
    if (uid == trusted_.send) result.invoked = "for bounce";
    if (uid == trusted_.daemon) result.invoked = "from network";
    result.says_received = uid == trusted_.daemon;
    return result;
}

void QueuedServer::add_taps(Submitter& submitter, Reception& reception)
{
    try {
        submitter.taps = taps_.current();
    } catch (const Stop& stop) {
        reception.refuse(stop);
    }
}

namespace {

QueuedAnswer answer_to(const std::optional<Stop>& problem, pid_t process)
{
    if (!problem) return {exit_code::queued, process, {}};
    return {problem->exit_code, process, response_line(*problem)};
}

}

// False: the submitter has left.
awaitable<bool> QueuedServer::take_message(net::Stream& stream, Peer& peer)
{
    stream.expires_after(message_limit);
    idle_.insert(&stream);
    auto head = co_await next_head(stream);
    idle_.erase(&stream);
    if (!head) co_return false;
    Reception reception;
    std::optional<ActsFor> acts_for = ActsFor{peer.uid, process_};
    if (head->kind == FrameHead::Kind::submitter || head->kind == FrameHead::Kind::instead) {
        acts_for = co_await whom_it_acts_for(stream, *head, peer);
        if (!acts_for) co_return false;
        head = co_await next_head(stream);
    }
    Submitter who = submitter(*acts_for);
    add_taps(who, reception);
    while (head && head->kind != FrameHead::Kind::commit) {
        if (head->kind != FrameHead::Kind::message && head->kind != FrameHead::Kind::envelope)
            co_return false;
        for (std::size_t left = head->length; left > 0;) {
            bool more = true;
            if (stream.buffered().empty()) more = co_await stream.fill();
            if (!more) co_return false;
            const auto piece = stream.buffered().substr(0, left);
            reception.take(directories_, who, head->kind, piece);
            left -= piece.size();
            stream.consume(piece.size());
        }
        head = co_await next_head(stream);
    }
    if (!head) co_return false;
    auto* incoming = reception.prepare(directories_, who);
    auto problem = reception.problem();
    if (incoming) problem = co_await group_.commit(*incoming, stream.descriptor());
    if (problem) reception.drop();
    const std::string answer = encode(answer_to(problem, process_));
    co_await stream.write(answer);
    co_return true;
}

void QueuedServer::uncount(uid_t uid)
{
    if (--connections_[uid] == 0) connections_.erase(uid);
}

// A connection is the place of the user whose message it brings, not of who speaks for him. False:
// he has his share.
bool QueuedServer::count_as(Peer& peer, uid_t uid)
{
    if (peer.counted_as == uid) return true;
    if (!has_room(uid)) return false;
    uncount(std::exchange(peer.counted_as, uid));
    count(uid);
    return true;
}

void QueuedServer::left(const Peer& peer, net::Stream* stream)
{
    streams_.erase(stream);
    idle_.erase(stream);
    --total_;
    uncount(peer.counted_as);
    if (ending_ && total_ == 0) loop_.stop();
}

// The loop stops when the last connection has left, never before: they live in it and know us.
void QueuedServer::end(const std::set<net::Stream*>& streams)
{
    ending_ = true;
    for (auto* stream : streams) stream->interrupt();
    if (total_ == 0) loop_.stop();
}

// A flush that failed: everybody has been told by now; the next process must prove the disk first.
awaitable<void> QueuedServer::commits()
{
    co_await group_.run();
    log("alert: a flush of the queue failed: what was not acknowledged is not queued; ending");
    exit_code_ = 111;
    co_await net::sleep_for(1s);   // answers reach their submitters
    end(streams_);
}

awaitable<void> QueuedServer::await_signal()
{
    net::Signals signals(loop_.executor(), {SIGTERM, SIGINT});
    co_await signals.next();
    end(idle_);
    co_await net::sleep_for(ending_limit);
    end(streams_);
}

}

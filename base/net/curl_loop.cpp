#include "base/net/curl_loop.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <exception>
#include <stdexcept>
#include <utility>

#include <unistd.h>

namespace grapnel::net {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using SteadyClock = std::chrono::steady_clock;

// A socket of libcurl's. Shared with the handlers of waits under way.
struct CurlLoop::Watch {
    Watch(CurlLoop* loop, curl_socket_t socket) : owner(loop), stream(loop->executor_, socket) {}
    CurlLoop* owner;   // nullptr: no longer ours
    stream_descriptor stream;
    int wanted = CURL_POLL_NONE;
    bool reading = false, writing = false;
};

// libcurl moves its time with each transfer; our timer is moved only to be earlier, and looks again
// when it is due.
struct CurlLoop::Wakeup {
    explicit Wakeup(const Executor& executor) : timer(executor) {}
    asio::steady_timer timer;
    SteadyClock::time_point wanted = SteadyClock::time_point::max();
    bool armed = false, soon = false;
};

namespace {

constexpr long most_streams = 1000;   // of one HTTP/2 connection, where the peer allows as many

void start_library()
{
    static const CURLcode started = ::curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started != CURLE_OK) throw std::runtime_error("unable to start libcurl");
}

}

CurlLoop::CurlLoop(Executor executor, long most)
    : executor_(std::move(executor)), wakeup_(std::make_shared<Wakeup>(executor_))
{
    start_library();
    multi_.reset(::curl_multi_init());
    if (!multi_) throw std::bad_alloc();
    ::curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, &CurlLoop::on_socket);
    ::curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETDATA, this);
    ::curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, &CurlLoop::on_timer);
    ::curl_multi_setopt(multi_.get(), CURLMOPT_TIMERDATA, this);
    ::curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, most);
    ::curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS, most);
    ::curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
    ::curl_multi_setopt(multi_.get(), CURLMOPT_MAX_CONCURRENT_STREAMS, most_streams);
}

CurlLoop::~CurlLoop()
{
    multi_.reset();
    for (auto& [socket, watch] : watches_) {
        watch->owner = nullptr;
        watch->stream.release();
    }
    wakeup_->timer.cancel();
}

void CurlLoop::allow(long most)
{
    ::curl_multi_setopt(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, most);
}

bool CurlLoop::add(CURL* easy, Transfer* transfer)
{
    ::curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    ::curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, &CurlLoop::on_made);
    ::curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, this);
    ::curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, &CurlLoop::on_close);
    ::curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, this);
    if (::curl_multi_add_handle(multi_.get(), easy) == CURLM_OK) return true;
    broken_ = true;
    return false;
}

void CurlLoop::remove(CURL* easy) { ::curl_multi_remove_handle(multi_.get(), easy); }

int CurlLoop::on_socket(CURL*, curl_socket_t socket, int what, void* self, void*)
{
    auto* loop = static_cast<CurlLoop*>(self);
    try {
        if (what == CURL_POLL_REMOVE)
            loop->rest(socket);
        else
            loop->watch(socket, what);
        return 0;
    } catch (const std::exception&) {
        loop->broken_ = true;
        return -1;
    }
}

int CurlLoop::on_timer(CURLM*, long milliseconds, void* self)
{
    static_cast<CurlLoop*>(self)->set_timer(milliseconds);
    return 0;
}

int CurlLoop::on_made(void* self, curl_socket_t socket, curlsocktype)
{
    try {
        static_cast<CurlLoop*>(self)->connections_.insert(socket);
        return CURL_SOCKOPT_OK;
    } catch (const std::exception&) {
        return CURL_SOCKOPT_ERROR;
    }
}

int CurlLoop::on_close(void* self, curl_socket_t socket)
{
    auto* loop = static_cast<CurlLoop*>(self);
    loop->forget(socket);
    loop->connections_.erase(socket);
    return ::close(socket);
}

void CurlLoop::watch(curl_socket_t socket, int what)
{
    auto& watch = watches_[socket];
    if (!watch) watch = std::make_shared<Watch>(this, socket);
    watch->wanted = what;
    arm(watch);
}

// A connection stays with the loop until it is closed: the next transfer takes it from there.
void CurlLoop::rest(curl_socket_t socket)
{
    const auto found = watches_.find(socket);
    if (found != watches_.end() && connections_.contains(socket))
        found->second->wanted = CURL_POLL_NONE;
    else
        forget(socket);
}

void CurlLoop::forget(curl_socket_t socket)
{
    const auto found = watches_.find(socket);
    if (found == watches_.end()) return;
    found->second->owner = nullptr;
    found->second->stream.release();   // libcurl closes it
    watches_.erase(found);
}

void CurlLoop::arm(const std::shared_ptr<Watch>& watch)
{
    if ((watch->wanted & CURL_POLL_IN) != 0 && !watch->reading) arm(watch, CURL_CSELECT_IN);
    if ((watch->wanted & CURL_POLL_OUT) != 0 && !watch->writing) arm(watch, CURL_CSELECT_OUT);
}

void CurlLoop::arm(const std::shared_ptr<Watch>& watch, int direction)
{
    const bool reads = direction == CURL_CSELECT_IN;
    (reads ? watch->reading : watch->writing) = true;
    const auto kind = reads ? stream_descriptor::wait_read : stream_descriptor::wait_write;
    watch->stream.async_wait(kind, [watch, direction, reads](boost::system::error_code error) {
        (reads ? watch->reading : watch->writing) = false;
        if (error || !watch->owner) return;
        if ((watch->wanted & direction) != 0)   // CURL_POLL_ and CURL_CSELECT_ bits are the same
            watch->owner->act(watch->stream.native_handle(), direction);
        if (watch->owner) arm(watch);
    });
}

void CurlLoop::set_timer(long milliseconds)
{
    auto& wakeup = *wakeup_;
    wakeup.wanted = SteadyClock::time_point::max();
    if (milliseconds < 0) return;
    if (milliseconds == 0) return act_soon();
    wakeup.wanted = SteadyClock::now() + std::chrono::milliseconds(milliseconds);
    if (!wakeup.armed || wakeup.wanted < wakeup.timer.expiry()) wait_for_time();
}

void CurlLoop::act_soon()
{
    if (std::exchange(wakeup_->soon, true)) return;
    asio::post(executor_, [weak = weak_from_this()] {
        const auto self = weak.lock();
        if (!self) return;
        self->wakeup_->soon = false;
        self->act(CURL_SOCKET_TIMEOUT, 0);
    });
}

void CurlLoop::wait_for_time()
{
    wakeup_->armed = true;
    wakeup_->timer.expires_at(wakeup_->wanted);
    wakeup_->timer.async_wait([weak = weak_from_this()](boost::system::error_code moved) {
        const auto self = weak.lock();
        if (moved || !self) return;
        auto& wakeup = *self->wakeup_;
        wakeup.armed = false;
        if (SteadyClock::now() >= wakeup.wanted)
            self->act(CURL_SOCKET_TIMEOUT, 0);
        else if (wakeup.wanted != SteadyClock::time_point::max())
            self->wait_for_time();
    });
}

void CurlLoop::act(curl_socket_t socket, int ready)
{
    const auto alive = shared_from_this();
    int running = 0, left = 0;
    if (::curl_multi_socket_action(multi_.get(), socket, ready, &running) != CURLM_OK)
        broken_ = true;
    while (const CURLMsg* message = ::curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        Transfer* transfer = nullptr;
        ::curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        transfer->ended(message->data.result);
    }
}

}

// libcurl's transfers, driven by our event loop: its sockets are watched, its timer is set, no
// thread of ours. Only for http.cpp.
#pragma once

#include "base/net/loop.hpp"

#include <curl/curl.h>

#include <memory>
#include <unordered_map>
#include <unordered_set>

namespace grapnel::net {

class CurlLoop : public std::enable_shared_from_this<CurlLoop> {
public:
    // Told from the loop when it has ended; must neither add nor remove.
    class Transfer {
    public:
        virtual void ended(CURLcode code) = 0;

    protected:
        ~Transfer() = default;
    };

    // most: connections at once, and of these at rest: fewer would be closed between two calls of a
    // busy time, and opened again.
    CurlLoop(Executor executor, long most);
    CurlLoop(const CurlLoop&) = delete;
    CurlLoop& operator=(const CurlLoop&) = delete;
    ~CurlLoop();

    void allow(long most);                      // connections at once, from now on
    bool add(CURL* easy, Transfer* transfer);   // false: impossible
    void remove(CURL* easy);                    // ended or not; before the handle goes
    bool broken() const { return broken_; }     // to be replaced by another one

private:
    struct Watch;
    struct Wakeup;

    static int on_socket(CURL*, curl_socket_t socket, int what, void* self, void*);
    static int on_timer(CURLM*, long milliseconds, void* self);
    static int on_made(void* self, curl_socket_t socket, curlsocktype);
    static int on_close(void* self, curl_socket_t socket);
    void watch(curl_socket_t socket, int what);
    void rest(curl_socket_t socket);
    void forget(curl_socket_t socket);
    static void arm(const std::shared_ptr<Watch>& watch);
    static void arm(const std::shared_ptr<Watch>& watch, int direction);
    void set_timer(long milliseconds);
    void act_soon();
    void wait_for_time();
    void act(curl_socket_t socket, int ready);

    struct DeleteMulti {
        void operator()(CURLM* multi) const { ::curl_multi_cleanup(multi); }
    };
    Executor executor_;
    std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
    std::unordered_set<curl_socket_t> connections_;   // told to us when they are closed
    std::shared_ptr<Wakeup> wakeup_;
    bool broken_ = false;
    std::unique_ptr<CURLM, DeleteMulti> multi_;   // goes first: it calls us once more
};

}

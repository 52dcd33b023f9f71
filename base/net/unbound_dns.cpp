// Dns by libunbound, which resolves in a thread of its own and wakes us through a descriptor.
#include "base/net/dns.hpp"

#include "base/sys/file.hpp"
#include "base/text.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <unbound.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace asio = boost::asio;

namespace grapnel::net {

namespace {

constexpr int type_a = 1, type_ptr = 12, type_mx = 15, type_aaaa = 28, class_in = 1;

void check(int error, const std::string& what)
{
    if (error != 0) throw std::runtime_error("resolver: " + what + ": " + ::ub_strerror(error));
}

struct DeleteResult {
    void operator()(ub_result* result) const { ::ub_resolve_free(result); }
};
struct DeleteContext {
    void operator()(ub_ctx* context) const { ::ub_ctx_delete(context); }
};

// One question under way; going out of scope takes it back.
class Question {
public:
    Question(ub_ctx* context, const std::string& name, int type) : context_(context)
    {
        impossible_ = answered_ = !can_be_name(name);
        if (impossible_) return;
        const int error = ::ub_resolve_async(context, name.c_str(), type, class_in, this,
                                             &Question::answer, &id_);
        if (error == 0) return;
        id_ = 0;
        answered_ = true;
        impossible_ = error == UB_SYNTAX;
    }
    Question(const Question&) = delete;
    Question& operator=(const Question&) = delete;
    ~Question()
    {
        if (!answered_) ::ub_cancel(context_, id_);
    }

    bool answered() const { return answered_; }
    bool secure() const { return result_ && result_->secure != 0; }

    DnsOutcome outcome() const
    {
        constexpr int no_error = 0, name_error = 3;
        if (impossible_) return DnsOutcome::no_name;
        if (!result_ || result_->bogus) return DnsOutcome::failed;
        if (result_->havedata) return DnsOutcome::found;
        if (result_->nxdomain || result_->rcode == name_error) return DnsOutcome::no_name;
        return result_->rcode == no_error ? DnsOutcome::no_data : DnsOutcome::failed;
    }

    // Calls use(data) for each record.
    template <class Use>
    void each(Use use) const
    {
        if (outcome() != DnsOutcome::found) return;
        for (std::size_t i = 0; result_->data[i] != nullptr; ++i)
            use(std::string_view(result_->data[i], static_cast<std::size_t>(result_->len[i])));
    }

private:
    static void answer(void* self, int error, ub_result* result)
    {
        auto* question = static_cast<Question*>(self);
        question->answered_ = true;
        question->impossible_ = error == UB_SYNTAX;
        question->result_.reset(result);
        if (error != 0) question->result_.reset();
    }

    ub_ctx* context_;
    int id_ = 0;
    bool answered_ = false;
    bool impossible_ = false;
    std::unique_ptr<ub_result, DeleteResult> result_;
};

class UnboundDns final : public Dns {
public:
    UnboundDns(asio::any_io_executor executor, std::vector<std::string> servers,
               std::vector<std::string> anchors)
        : servers_(std::move(servers)), anchors_(std::move(anchors)), wake_(executor)
    {
    }

    ~UnboundDns() override
    {
        if (context_) wake_.release();   // libunbound's descriptor
    }

    asio::awaitable<DnsAnswer<MxRecord>> mx(std::string domain, Deadline deadline) override
    {
        const Question question(context(), domain, type_mx);
        co_await answers({&question, nullptr}, deadline);
        DnsAnswer<MxRecord> answer{question.outcome(), {}, question.secure()};
        question.each([&](std::string_view data) {
            if (auto record = decode_mx(data)) answer.records.push_back(std::move(*record));
        });
        if (answer.outcome == DnsOutcome::found && answer.records.empty())
            answer.outcome = DnsOutcome::failed;
        co_return answer;
    }

    asio::awaitable<DnsAnswer<IpAddress>> addresses(std::string host, Deadline deadline) override
    {
        const Question v6(context(), host, type_aaaa);
        const Question v4(context(), host, type_a);
        co_await answers({&v6, &v4}, deadline);
        DnsAnswer<IpAddress> answer{
            together(v6.outcome(), v4.outcome()), {}, v6.secure() && v4.secure()};
        const auto use = [&](std::string_view data) {
            if (const auto address = decode_address(data)) answer.records.push_back(*address);
        };
        v6.each(use);
        v4.each(use);
        co_return answer;
    }

    asio::awaitable<DnsAnswer<std::string>> names(IpAddress address, Deadline deadline) override
    {
        const Question question(context(), reverse_name(address), type_ptr);
        co_await answers({&question, nullptr}, deadline);
        DnsAnswer<std::string> answer{question.outcome(), {}, question.secure()};
        question.each([&](std::string_view data) {
            if (auto name = decode_name(data)) answer.records.push_back(std::move(*name));
        });
        co_return answer;
    }

private:
    // Made at the first question: a delivery by a fixed route has none, and this takes
    // milliseconds.
    ub_ctx* context()
    {
        if (context_) return context_.get();
        context_.reset(::ub_ctx_create());
        if (!context_) throw std::runtime_error("resolver: out of memory");
        if (servers_.empty())
            servers_ =
                resolv_conf_servers(read_file_if_there("/etc/resolv.conf", 64 * 1024).value_or(""));
        check(::ub_ctx_async(context_.get(), 1), "thread");
        option("do-not-query-localhost:", "no");
        option("unblock-lan-zones:", "yes");
        for (const auto& server : servers_)
            check(::ub_ctx_set_fwd(context_.get(), server.c_str()), server);
        for (const auto& anchor : anchors_)
            check(::ub_ctx_add_ta(context_.get(), anchor.c_str()), anchor);
        wake_.assign(::ub_fd(context_.get()));
        return context_.get();
    }

    void option(const char* name, const char* value)
    {
        check(::ub_ctx_set_option(context_.get(), name, value), name);
    }

    static DnsOutcome together(DnsOutcome a, DnsOutcome b)
    {
        for (const auto outcome : {DnsOutcome::found, DnsOutcome::failed, DnsOutcome::no_data})
            if (a == outcome || b == outcome) return outcome;
        return DnsOutcome::no_name;
    }

    // Until both are answered (there may be one only) or the time is over.
    asio::awaitable<void> answers(std::array<const Question*, 2> questions, Deadline deadline)
    {
        const auto open = [&] {
            return !questions[0]->answered() || (questions[1] && !questions[1]->answered());
        };
        asio::steady_timer timer(wake_.get_executor(), deadline);
        timer.async_wait([this](boost::system::error_code moved) {
            if (!moved) wake_.cancel();   // whoever waits looks at his own deadline
        });
        while (open() && std::chrono::steady_clock::now() < deadline) {
            boost::system::error_code error;
            co_await wake_.async_wait(asio::posix::descriptor_base::wait_read,
                                      asio::redirect_error(asio::use_awaitable, error));
            if (!error) check(::ub_process(context_.get()), "answer");
        }
    }

    std::vector<std::string> servers_, anchors_;
    std::unique_ptr<ub_ctx, DeleteContext> context_;
    asio::posix::stream_descriptor wake_;
};

}

std::unique_ptr<Dns> make_dns(asio::any_io_executor executor, std::vector<std::string> servers,
                              std::vector<std::string> anchors)
{
    return std::make_unique<UnboundDns>(std::move(executor), std::move(servers),
                                        std::move(anchors));
}

}

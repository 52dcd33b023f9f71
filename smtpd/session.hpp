// The conversation with one client: order of commands, replies, limits. One code for a session on
// descriptors 0 and 1 and for each connection of the server. Knows no sockets: a Stream and a
// helper.
#pragma once

#include "base/mail/envelope.hpp"
#include "base/net/stream.hpp"
#include "hooks/client.hpp"
#include "queue/hasten_wire.hpp"
#include "smtpd/allowance.hpp"
#include "smtpd/answer.hpp"
#include "smtpd/authentication.hpp"
#include "smtpd/command.hpp"
#include "smtpd/config.hpp"
#include "smtpd/data.hpp"
#include "smtpd/parameters.hpp"
#include "smtpd/peer.hpp"
#include "smtpd/plugins.hpp"
#include "smtpd/policy.hpp"
#include "smtpd/ruling.hpp"
#include "smtpd/service.hpp"
#include "smtpd/tls_source.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace grapnel::net {
class Backroom;
}
namespace grapnel::queue {
class AsyncSubmission;
class QueuedPool;
}

namespace grapnel::smtpd {

class Judges;
class QueueLoad;
class IncomingText;
struct ProgramResult;
enum class ProgramKind : char;
struct SessionPrograms;
struct ClientFacts;
class Usage;
class MailDomains;
enum class Word : int;
struct FixupFacts;

struct Surroundings {
    std::shared_ptr<const Config> config;   // shared by all sessions that began with it
    Peer peer;
    int helper = -1;                       // the socket of the submission helper
    std::string name = {};                 // in log lines
    const bool* crowded = nullptr;         // the server is short of places: be brief with people
    queue::QueuedPool* queued = nullptr;   // nullptr: mail goes through the helper only
    QueueLoad* load = nullptr;             // nullptr: no mail is refused for want of room

    // Of scanners; nullptr: no stage of ours is anybody's.
    hooks::Client* hooks = nullptr;
    std::string spool = {};                            // where their messages lie
    std::function<std::uint64_t()> connections = {};   // of this client, where they are counted

    // Who another client would be here, by the rules (nullopt: they deny him); for XCLIENT.
    using ClientMaker =
        std::function<std::optional<Peer>(const net::Endpoint& remote, const net::Endpoint& local,
                                          const std::optional<std::string>& host)>;
    ClientMaker client = {};

    Service service = {};   // what the client connected to
    TlsSource* tls = nullptr;
    int programs = -1;   // the socket of the program helper; -1: there is none

    // Of AUTH.
    Judges* judges = nullptr;            // nullptr: nobody can be asked
    net::Backroom* backroom = nullptr;   // where passwords are compared; nullptr: here, he is alone
    Usage* usage = nullptr;              // nullptr: limits by the hour are not held
    bool has_checker = false;            // the command line names one

    MailDomains* domains = nullptr;   // nullptr: nobody's domain is looked up
    std::string hasten_at = {};       // the socket of qmail-send; empty: there is no ETRN
};

// What is on, by the operator: for this service, and for this client.
Extensions switched_on(const Surroundings& around);

class Session {
public:
    Session(net::Stream& stream, Surroundings surroundings);
    ~Session();

    // To its end; true: the client said QUIT. Throws nothing but what no session can answer for.
    net::asio::awaitable<bool> run();

    // Ends it when it may: 421 between commands, after the reply where a message is coming in.
    void shut_down();

    // The server has become crowded: who is waited for already has no longer than others now.
    void hurry();

private:
    using SteadyClock = net::SteadyClock;
    enum class Step {
        connected,
        greeted,
        sender_given,
        recipient_given,
        chunks_given,     // some BDAT, not the last
        chunks_refused,   // one was: only the end of the transaction is left
        text_expected
    };
    struct Verb {
        std::string_view word;
        Answer (Session::*handle)(std::string_view argument);
        bool counts;                     // towards the limit of commands
        bool ends_transaction = false;   // or leaves it alone: heard behind a refused chunk
    };
    static std::span<const Verb> verbs();

    net::asio::awaitable<void> talk();
    net::asio::awaitable<bool> greet();
    net::asio::awaitable<bool> turn_away(Answer answer);
    bool talks_early() const;
    net::asio::awaitable<std::optional<CommandLine>> next_command();
    void say(const Answer& answer);   // with the next flush()
    net::asio::awaitable<void> flush();
    net::asio::awaitable<void> after_helo();
    void set_deadline();
    void wait_until(SteadyClock::time_point deadline);
    net::asio::awaitable<void> pause(std::chrono::seconds delay);
    net::asio::awaitable<void> wait_in_tarpit();

    // session_commands.cpp
    Answer answer_to(const CommandLine& line);
    Answer command(const Command& command);
    Answer answer_by(const Verb& verb, std::string_view argument);
    Answer line_fault(CommandLine::Fault fault) const;
    void count_fault(Answer& answer);
    std::string_view fit_for_log(bool known, const Command& command) const;
    void note_refusal(std::string_view what, std::string_view argument, const Answer& answer);
    void sum_refusals();

    Answer helo(std::string_view argument);
    Answer ehlo(std::string_view argument);
    Answer lhlo(std::string_view argument);
    Answer mail(std::string_view argument);
    Answer rcpt(std::string_view argument);
    Answer data(std::string_view argument);
    Answer bdat(std::string_view argument);   // session_chunks.cpp
    Answer rset(std::string_view argument);
    Answer noop(std::string_view argument);
    Answer quit(std::string_view argument);
    Answer vrfy(std::string_view argument);
    std::optional<Answer> verified(std::string_view argument) const;
    Answer expn(std::string_view argument);
    Answer help(std::string_view argument);
    Answer obsolete(std::string_view argument);

    // session_tls.cpp
    Answer starttls(std::string_view argument);
    net::asio::awaitable<bool> secure();
    void forget_client();
    bool can_start_tls() const;
    bool must_start_tls() const;

    // session_clients.cpp
    Answer xclient(std::string_view argument);
    Answer xforward(std::string_view argument);
    bool become_client(const ClientFacts& facts);
    void read_settings();

    // session_auth.cpp
    std::string certified_name() const;
    bool is_submission() const;
    void settle_mechanisms();
    sasl::Surroundings sasl_surroundings() const;
    Answer auth(std::string_view argument);
    net::asio::awaitable<Answer> authenticate();
    net::asio::awaitable<Answer> exchange_to_its_end();
    net::asio::awaitable<std::optional<net::Secret>> next_response(std::string_view challenge,
                                                                   Answer& instead);
    net::asio::awaitable<Word> judge(sasl::Step& step, std::string& trouble);
    net::asio::awaitable<Word> compare(sasl::ScramKeys keys, net::Secret password,
                                       std::string& trouble);
    net::asio::awaitable<Word> ask_judge(std::string_view which, net::Secret input,
                                         std::string& trouble);
    Answer admit(std::string user);
    void become_user(std::string user, std::string method);
    void forget_login();
    bool guesses_too_often() const;
    net::asio::awaitable<Answer> refuse_guess();

    // session_submission.cpp
    std::optional<Answer> auth_missing() const;
    std::string trusted_auth(const std::string& given) const;
    net::asio::awaitable<Answer> check_sender(Answer ours);
    std::optional<Answer> used_up(std::string_view what, std::size_t more,
                                  std::uint32_t most) const;
    std::optional<Answer> use_up();
    bool completes_addresses() const;
    std::string completed(std::string address) const;
    bool mends() const;
    FixupFacts fixup_facts() const;

    // session_mail.cpp
    void forget_transaction();
    Answer greeting_taken(std::string_view argument, bool extended);
    PathRules sender_rules() const;
    PathRules recipient_rules() const;
    Answer fault_of_path(Fault fault, bool of_sender) const;
    std::optional<Answer> refused_parameters(const Parameters& parameters) const;
    void look_at_circumstances();
    std::vector<std::string> offer() const;
    std::size_t most_recipients() const;
    bool is_authenticated() const;
    bool is_in_tls() const;
    int granted_priority(const Parameters& parameters) const;
    hooks::EsmtpParameters given(std::string_view parameters) const;
    std::optional<Answer> no_room(std::uint64_t size) const;
    std::optional<Answer> refused_recipient(const std::string& address) const;
    Answer take_recipient(const Path& path, const Parameters& parameters);
    Answer counted(Answer refusal);
    void slow_down();

    // session_domains.cpp
    bool checks_domains() const;
    void ask_about_domain(const std::string& address);
    net::asio::awaitable<Answer> check_domain(Answer ours);

    // session_etrn.cpp
    bool may_hasten() const;
    bool may_hasten(const queue::HastenRequest& request) const;
    Answer etrn(std::string_view argument);
    net::asio::awaitable<Answer> hasten();

    // session_programs.cpp
    bool has_plugins(PluginEvent event) const;
    bool checks_recipients() const;
    void have_judged(PluginEvent event);
    std::vector<std::string> plugin_variables() const;
    bool set_by_plugins(std::vector<std::string>& variables) const;
    net::asio::awaitable<Answer> admit_unless_refused(std::string user);
    net::asio::awaitable<ProgramResult> run_judge(ProgramKind kind, std::string program,
                                                  std::vector<std::string> variables);
    void take_words(const PluginWords& words, PluginEvent event);
    void take_address(const std::string& address, PluginEvent event);
    net::asio::awaitable<Answer> ask_plugin(std::string program, PluginEvent event, Answer ours,
                                            PluginWords::Verdict& verdict);
    net::asio::awaitable<Answer> ask_plugins(PluginEvent event, Answer ours);
    Answer beyond_our_rules(PluginEvent event, Answer ours);
    net::asio::awaitable<Answer> check_recipient(Answer ours);
    Answer drop_recipient_quietly(Answer ours);
    void forget_last_recipient();
    void take_back(PluginEvent event);
    net::asio::awaitable<Answer> pass_programs(Answer ours);
    std::string plugin_headers() const;
    void forget_programs();

    // session_hooks.cpp
    bool is_hooked(hooks::Stage stage) const;
    void ask_at(hooks::Stage stage);
    net::asio::awaitable<hooks::Decision> ask(hooks::Stage stage, const Answer& ours,
                                              int message = -1);
    net::asio::awaitable<Answer> consult(Answer ours);
    void undo(hooks::Stage stage);
    Ruling& ruling_at(hooks::Stage stage);
    hooks::Facts facts(hooks::Stage stage, const Answer& ours);
    hooks::MayAdd may_add(std::string_view address) const;

    // session_edits.cpp: false where it cannot be carried out.
    bool take_edits(hooks::Stage stage, const hooks::Decision& decision);
    bool take_sender(const hooks::Sender& sender);
    bool take_recipients(const std::vector<hooks::Recipient>& recipients);
    bool take_last_recipient(const std::vector<hooks::Recipient>& recipients);
    void drop_last_recipient();
    void record_wishes(Envelope& envelope) const;

    // session_scan.cpp
    net::asio::awaitable<Answer> have_text_looked_at();
    net::asio::awaitable<Answer> pass_on(const hooks::Decision& decision, int content,
                                         std::uint64_t size);
    Answer dropped(std::uint64_t bytes);

    // session_chunks.cpp
    net::asio::awaitable<Answer> receive_chunk(Answer answer);
    net::asio::awaitable<Answer> end_chunk(Chunk chunk, Answer answer);
    net::asio::awaitable<void> read_chunk(std::uint64_t left, bool wanted);

    // session_data.cpp
    net::asio::awaitable<Answer> receive();
    net::asio::awaitable<std::optional<Answer>> begin_text(bool chunks);
    net::asio::awaitable<Answer> end_text();
    net::asio::awaitable<void> go_ahead();
    net::asio::awaitable<Result<queue::AsyncSubmission>> start_submission();
    net::asio::awaitable<std::optional<Answer>> read_text();
    net::asio::awaitable<Answer> submit(queue::AsyncSubmission& submission, std::uint64_t bytes);
    net::asio::awaitable<bool> more_text(Patience& patience);
    DataRules data_rules(bool chunks) const;
    Answer answer_to_trouble(DataReader::Trouble trouble) const;
    Answer answer_to_queue(const Result<>& result, std::uint64_t bytes, pid_t process);
    Answer answer_to_failure(const Failure& failure) const;
    Answer taken(pid_t process) const;
    std::string trace_field() const;
    std::string protocol() const;
    Envelope envelope() const;

    bool is_lmtp() const { return around_.service.kind == Kind::lmtp; }
    std::size_t replies_to_text() const { return is_lmtp() ? accepted_ : 1; }
    bool classic() const { return lax_[Lax::qmail]; }
    const Config& config() const { return *around_.config; }

    net::Stream& stream_;
    Surroundings around_;
    LaxWords lax_;
    Extensions extensions_, offered_;   // by the operator; in this state of the session
    std::uint64_t databytes_ = 0;
    Policy policy_;
    std::unique_ptr<SessionPrograms> programs_;   // of plugins and checks, where there are any
    Allowance allowance_;
    CommandReader reader_;
    std::string output_;

    Step step_ = Step::connected;
    bool extended_ = false, closing_ = false, quit_ = false, stopping_ = false;
    bool receiving_ = false, just_greeted_ = false, silent_ = false, leaving_ = false;
    bool tls_is_next_ = false;
    std::string why_closed_ = "end of input";
    std::string helo_;

    std::string id_, sender_, first_recipient_;
    std::uint64_t size_ = 0;   // as declared
    bool utf8_ = false;        // addresses may be (RFC 6531)
    bool binary_ = false;      // the body is octets, not lines (RFC 3030)
    std::optional<int> priority_;
    // What he asks for with MAIL, and with RCPT by the recipient's place; with hooks shown_ has
    // those.
    grapnel::Extensions wishes_;
    std::map<std::size_t, grapnel::Extensions> recipient_wishes_;
    std::size_t accepted_ = 0, replies_ = 1;   // RCPTs; replies to the text (RFC 2033 4.2)
    std::optional<Chunk> chunk_;               // whose octets come next
    std::unique_ptr<IncomingText> text_;
    std::optional<Answer> bad_sender_;
    std::vector<std::string> recipients_;

    Authentication auth_;
    bool check_sender_ = false;   // whether he may send as that is to be found out
    std::string asked_domain_;    // whether mail for it goes anywhere is, too
    std::optional<queue::HastenRequest> hastened_;   // whose mail qmail-send is to be asked for

    // With hooks: the envelope as scanners see it; of the client's parameters, too, and of theirs.
    std::optional<hooks::Stage> asks_;
    Ruling connection_, message_;
    hooks::EnvelopeFacts shown_;
    std::size_t dropped_ = 0;   // recipients that were accepted so
    bool barred_ = false;       // all he may do is leave
    bool may_xclient_ = false, may_xforward_ = false;
    std::unique_ptr<ClientFacts> forwarded_;   // of whom he speaks
    bool asking_ = false;
    SteadyClock::duration held_back_{};   // replies that wait, by asking

    std::size_t refusals_ = 0, bad_recipients_ = 0;
    // Of the recipients of this message.
    std::uint64_t smallest_limit_ = std::numeric_limits<std::uint64_t>::max();
    std::chrono::seconds tarpit_{0};   // before the reply to this command
    std::optional<SteadyClock::time_point> line_begun_;
    SteadyClock::time_point deadline_ = SteadyClock::time_point::max();   // of the wait for him
};

}

// qmail-queue hands its message on to qmail-queued, whose flushes serve many; also where it does
// not have the rights of the queue's owner (its caller may not gain privileges: a container, a
// hardened service). Who would start qmail-queue does the same without it. Blocking; the same steps
// as Incoming.
#pragma once

#include "base/mail/envelope.hpp"
#include "base/mail/extension.hpp"
#include "base/sys/fd.hpp"
#include "queue/queued_wire.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace grapnel::queue {

class Handover {
public:
    // nullopt: qmail-queued does not answer here.
    static std::optional<Handover> begin(const std::string& home);
    // As the queue's owner, for somebody else. nullopt too where there is no word of it within a
    // second: then nothing was read yet.
    static std::optional<Handover> begin_for(const ActsFor& submitter, const std::string& home);
    // For ourselves, instead of starting bin/qmail-queue. nullopt too where that is not the one
    // that qmail-queued knows, where we are somebody else than our caller, or may not start it.
    static std::optional<Handover> begin_instead(const std::string& home);

    void write(std::string_view bytes);   // of the message
    void end_message() {}

    // The envelope goes on unchanged; it is read along only to know where it ends.
    Handover& envelope() { return *this; }
    void feed(std::string_view bytes);
    void finish() {}
    bool addresses_complete() const { return addresses_.ended(); }
    bool block_begun() const { return block_.has_value(); }
    bool complete() const { return block_ && block_->ended(); }

    // Throws Stop with what qmail-queued said, unless it said that the message is queued.
    void commit();

private:
    explicit Handover(Fd socket) : socket_(std::move(socket)) {}
    static std::optional<Handover> ask(std::string_view words, const std::string& home);
    void send_when_many();
    void send();
    std::string receive(std::size_t size);

    Fd socket_;
    bool left_ = false;    // it reads no more; it may have said why
    std::string frames_;   // not sent yet
    EnvelopeReader addresses_;
    std::optional<ExtensionReader> block_;
    std::size_t recipient_count_ = 0;
};

}

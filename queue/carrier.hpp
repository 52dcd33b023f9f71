// Somebody who carries deliveries out in processes that live longer than one of them: the spawner
// offers him each one first.
#pragma once

#include "base/sys/fd.hpp"
#include "queue/delivery.hpp"

#include <string>

namespace grapnel::queue {

struct Outcome {
    char letter = 'Z';
    std::string text;
};

class Carrier {
public:
    // Whom he tells; it is the spawner.
    class Customer {
    public:
        virtual void ended(unsigned number, const Outcome& outcome) = 0;
        // He could not even begin: a process of its own is to make it.
        virtual void returned(const Job& job, Fd message) = 0;

    protected:
        ~Customer() = default;
    };

    virtual ~Carrier() = default;
    // False: not now; message stays what it is.
    virtual bool take(const Job& job, Fd& message) = 0;
    // Readable when look() has something to do.
    virtual int descriptor() const = 0;
    virtual void look(Customer& customer) = 0;
};

}

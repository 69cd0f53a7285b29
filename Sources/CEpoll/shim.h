#pragma once
// Swift's Glibc leaves this header out.
#include <sys/epoll.h>


/*
 * A client that asks at a given rate, whatever the server does: the time of
 * each request is drawn before the run (a Poisson process), and its latency
 * counts from that time, not from when a connection was free.  So a server
 * that stalls is charged with all requests that came meanwhile.
 *
 *     load PORT CONNECTIONS RATE REQUESTS FILE METHOD "Name: value" ...
 *
 * A line of FILE is a path and a session id, with a blank between them; they
 * are used in turn.  RATE 0: each connection asks as soon as it is answered.
 * Prints "result: requests us p50_us p99_us bad late_p99_us"; "late" is how
 * late this client was itself.
 */


#define _GNU_SOURCE

#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define LOAD_SECONDS_MAX  120     /* of a run, whatever happens */
#define LOAD_HEAD_MAX     8192
#define LOAD_BUFFER       (256 * 1024)


typedef struct {
    char     *text;
    size_t    len;
} request_t;


typedef struct {
    int       fd;
    double    due;                /* of the request under way, us */
    ssize_t   request;            /* its number; -1: idle */
    int       closing;            /* the server closes after this answer */
    ssize_t   body;               /* bytes to come; -1: still in the head */
    size_t    head_len;
    char      head[LOAD_HEAD_MAX];
} conn_t;


static request_t  *requests;
static size_t      nrequests;
static conn_t     *conns;
static int         nconns, nidle;
static double     *due, *latency, *late;
static size_t      total, next, done, bad;
static double      rate;
static int         port, poll_fd;
static char        buffer[LOAD_BUFFER];


static void read_requests(const char *file, const char *method, char **header);
static void draw(void);
static void run(void);
static void send_due(double now);
static void send_one(conn_t *c, double now);
static int wait_time(double now);
static void receive(conn_t *c);
static int answer(conn_t *c, char *data, size_t len);
static int head(conn_t *c, char *data, size_t len, size_t *used);
static void finish(conn_t *c, int good);
static void open_conn(conn_t *c);
static double percentile(double *value, size_t n, double p);
static double now_us(void);
static void die(const char *what);


int
main(int argc, char **argv)
{
    int     i;
    double  begin;

    if (argc < 7) {
        die("usage: load PORT CONNECTIONS RATE REQUESTS FILE METHOD ...");
    }

    port = atoi(argv[1]);
    nconns = atoi(argv[2]);
    rate = atof(argv[3]);
    total = strtoul(argv[4], NULL, 10);

    read_requests(argv[5], argv[6], &argv[7]);
    draw();

    conns = calloc(nconns, sizeof(conn_t));
    poll_fd = epoll_create1(0);

    if (conns == NULL || poll_fd == -1) {
        die("no memory");
    }

    for (i = 0; i < nconns; i++) {
        open_conn(&conns[i]);
    }

    nidle = nconns;
    begin = now_us();

    for (next = 0; next < total; next++) {
        due[next] += begin;
    }

    next = 0;
    run();

    printf("result: %zu %.0f %.1f %.1f %zu %.1f\n", done, now_us() - begin,
           percentile(latency, done, 0.5), percentile(latency, done, 0.99),
           bad + (total - done), percentile(late, next, 0.99));

    return 0;
}


static void
read_requests(const char *file, const char *method, char **header)
{
    int     i;
    char    more[LOAD_HEAD_MAX], path[2048], sid[512], *text;
    FILE   *in;
    size_t  len;

    len = 0;
    more[0] = '\0';

    for (i = 0; header[i] != NULL; i++) {
        len += snprintf(more + len, sizeof(more) - len, "%s\r\n", header[i]);

        if (len >= sizeof(more)) {
            die("headers are too long");
        }
    }

    in = fopen(file, "r");
    if (in == NULL) {
        die(file);
    }

    while (fscanf(in, "%2047s %511s", path, sid) == 2) {

        if ((nrequests & (nrequests - 1)) == 0) {
            requests = realloc(requests,
                               2 * (nrequests + 1) * sizeof(request_t));
            if (requests == NULL) {
                die("no memory");
            }
        }

        i = asprintf(&text, "%s %s HTTP/1.1\r\nHost: portal.example.com\r\n"
                     "Cookie: theme=dark; aidial_session=%s\r\n%s\r\n",
                     method, path, sid, more);
        if (i == -1) {
            die("no memory");
        }

        requests[nrequests].text = text;
        requests[nrequests++].len = i;
    }

    fclose(in);

    if (nrequests == 0) {
        die("no requests");
    }
}


static void
draw(void)
{
    size_t  i;
    double  t;

    due = calloc(total, sizeof(double));
    latency = calloc(total, sizeof(double));
    late = calloc(total, sizeof(double));

    if (due == NULL || latency == NULL || late == NULL) {
        die("no memory");
    }

    srand48(1);

    for (t = 0, i = 0; i < total && rate > 0; i++) {
        t -= log(1 - drand48()) / rate * 1e6;
        due[i] = t;
    }
}


static void
run(void)
{
    int                 i, n;
    double              end;
    struct timespec     wait;
    struct epoll_event  events[64];

    end = now_us() + LOAD_SECONDS_MAX * 1e6;

    while (done < total && now_us() < end) {
        send_due(now_us());

        i = wait_time(now_us());
        wait.tv_sec = i / 1000000;
        wait.tv_nsec = i % 1000000 * 1000L;

        n = epoll_pwait2(poll_fd, events, 64, &wait, NULL);

        for (i = 0; i < n; i++) {
            receive(events[i].data.ptr);
        }
    }
}


static void
send_due(double now)
{
    int  i;

    for (i = 0; i < nconns && nidle && next < total; i++) {

        if (rate > 0 && due[next] > now) {
            return;
        }

        if (conns[i].request == -1) {
            send_one(&conns[i], now);
        }
    }
}


static void
send_one(conn_t *c, double now)
{
    request_t  *request;

    request = &requests[next % nrequests];

    c->due = rate > 0 ? due[next] : now;
    c->body = -1;
    c->head_len = 0;
    c->request = next;
    late[next] = now - c->due;
    next++;
    nidle--;

    if (send(c->fd, request->text, request->len, MSG_NOSIGNAL)
        != (ssize_t) request->len)
    {
        finish(c, 0);
    }
}


/* us until the next request is due, at most a second */

static int
wait_time(double now)
{
    double  wait;

    if (!nidle || next == total) {
        return 1000000;
    }

    wait = rate > 0 ? due[next] - now : 0;

    return wait < 0 ? 0 : wait > 1e6 ? 1000000 : (int) wait;
}


static void
receive(conn_t *c)
{
    ssize_t  n;

    n = recv(c->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

    if (n == -1 && errno == EAGAIN) {
        return;
    }

    if (n <= 0) {

        if (c->request == -1) {
            close(c->fd);
            open_conn(c);
            return;
        }

        finish(c, 0);
        return;
    }

    if (c->request == -1 || !answer(c, buffer, n)) {
        die("an answer that cannot be understood");
    }
}


static int
answer(conn_t *c, char *data, size_t len)
{
    size_t  used;

    used = 0;

    if (c->body == -1 && !head(c, data, len, &used)) {
        return 0;
    }

    if (c->body == -1) {
        return 1;
    }

    len -= used;

    if ((ssize_t) len > c->body) {
        return 0;
    }

    c->body -= len;

    if (c->body == 0) {
        finish(c, c->head[9] == '2');
    }

    return 1;
}


/* "used": bytes of data that belong to the head */

static int
head(conn_t *c, char *data, size_t len, size_t *used)
{
    char   *end, *field;
    size_t  before, n;

    before = c->head_len;
    n = LOAD_HEAD_MAX - 1 - before;
    n = len < n ? len : n;

    memcpy(c->head + before, data, n);
    c->head_len += n;
    c->head[c->head_len] = '\0';

    end = strstr(c->head, "\r\n\r\n");

    if (end == NULL) {
        return c->head_len < LOAD_HEAD_MAX - 1;
    }

    *used = end + 4 - c->head - before;
    end[2] = '\0';

    field = strcasestr(c->head, "\r\nContent-Length:");
    c->body = field ? atol(field + sizeof("\r\nContent-Length:") - 1) : 0;
    c->closing = strcasestr(c->head, "\r\nConnection: close") != NULL;

    return strcasestr(c->head, "\r\nTransfer-Encoding:") == NULL;
}


static void
finish(conn_t *c, int good)
{
    latency[done++] = now_us() - c->due;
    bad += !good;
    nidle++;

    if (!good || c->closing) {
        close(c->fd);
        open_conn(c);
        return;
    }

    c->request = -1;
}


static void
open_conn(conn_t *c)
{
    int                 one;
    struct epoll_event  event;
    struct sockaddr_in  addr;

    memset(&addr, 0, sizeof(addr));
    addr.sin_family = AF_INET;
    addr.sin_port = htons(port);
    addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    one = 1;
    c->request = -1;
    c->closing = 0;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);

    if (c->fd == -1
        || connect(c->fd, (struct sockaddr *) &addr, sizeof(addr)) == -1)
    {
        die("connect");
    }

    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));

    event.events = EPOLLIN;
    event.data.ptr = c;

    if (epoll_ctl(poll_fd, EPOLL_CTL_ADD, c->fd, &event) == -1) {
        die("epoll_ctl");
    }
}


static int
compare(const void *one, const void *two)
{
    double  a, b;

    a = *(const double *) one;
    b = *(const double *) two;

    return (a > b) - (a < b);
}


static double
percentile(double *value, size_t n, double p)
{
    if (n == 0) {
        return 0;
    }

    qsort(value, n, sizeof(double), compare);

    return value[(size_t) (p * (n - 1) + 0.5)];
}


static double
now_us(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}


static void
die(const char *what)
{
    fprintf(stderr, "load: %s%s%s\n", what, errno ? ": " : "",
            errno ? strerror(errno) : "");
    exit(1);
}

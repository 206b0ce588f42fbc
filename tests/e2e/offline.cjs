// Preloaded into every OpenClaw process of the tests: names do not resolve, and nothing but this host can be reached.
"use strict";
const dns = require("node:dns");
const net = require("node:net");

const local = (host) => !host || host === "localhost" || host === "::1" || host.startsWith("127.");

function refuse(name) {
  const error = new Error(`getaddrinfo ENOTFOUND ${name}`);
  return Object.assign(error, { code: "ENOTFOUND", errno: -3008, syscall: "getaddrinfo", hostname: name });
}

const lookup = dns.lookup;
dns.lookup = function (name, options, callback) {
  if (local(name)) return lookup.apply(dns, arguments);
  const answer = typeof options === "function" ? options : callback;
  process.nextTick(answer, refuse(name));
};
const lookupLater = dns.promises.lookup;
dns.promises.lookup = async (name, options) => {
  if (local(name)) return lookupLater(name, options);
  throw refuse(name);
};

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...given) {
  const options = Array.isArray(given[0]) ? given[0][0] : given[0];
  const host = typeof options === "object" && options !== null ? options.host : typeof given[1] === "string" ? given[1] : "";
  if (net.isIP(host || "") && !local(host)) {
    process.nextTick(() => this.destroy(Object.assign(new Error(`connect ENETUNREACH ${host}`), { code: "ENETUNREACH" })));
    return this;
  }
  return connect.apply(this, given);
};

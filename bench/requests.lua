-- Sends the requests of a file in turn, and prints what came of them as JSON.
-- wrk … -s requests.lua URL -- FILE TOKEN; a line of FILE is METHOD <tab> PATH <tab> BODY.

local requests = {}
local at = 0

function init(args)
  local headers = {["vmware-api-session-id"] = args[2], ["Content-Type"] = "application/json"}
  for line in io.lines(args[1]) do
    local method, path, body = line:match("^(%S+)\t(%S+)\t(.*)$")
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "refused": %d, "broken": %d, "p50_ms": %.3f, "p99_ms": %.3f, "most_ms": %.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end

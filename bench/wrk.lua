-- SPDX-License-Identifier: MIT
-- wrk calls done() once, after its run. latency(i) gives the i-th distinct value and its count;
-- by then wrk has added its "corrected" samples, which the harness takes out again from exactly
-- these three figures: duration, requests, histogram.

local function put(file, name, value)
   file:write(string.format("%s %.0f\n", name, value))
end

function done(summary, latency, requests)
   local file = assert(io.open(assert(os.getenv("C10KIT_WRK_RESULT")), "w"))
   put(file, "duration_us", summary.duration)
   put(file, "requests", summary.requests)
   put(file, "bytes", summary.bytes)
   for _, kind in ipairs({"connect", "read", "write", "status", "timeout"}) do
      put(file, "errors_" .. kind, summary.errors[kind])
   end
   file:write("corrected_latency_us count\n")
   for i = 1, #latency do
      local value, count = latency(i)
      file:write(string.format("%.0f %.0f\n", value, count))
   end
   file:write("end\n")
   file:close()
end

-- SPDX-License-Identifier: MIT
-- wrk calls done() once, after its run. By then it has added its "corrected" samples, which the
-- harness takes out again from exactly these three figures: duration, requests, histogram.

local function put(file, name, value)
   file:write(string.format("%s %.0f\n", name, value))
end

-- latency(i) gives the i-th distinct value and its count, and looks through all values below it
-- each time: at 10 000 connections that takes minutes. So the counts are read where wrk keeps them
-- (its stats.h: count, limit, min, max, data[], each 64 bits wide), provided that min, max and the
-- number of distinct values there are what wrk says they are.
local function lines_in_place(latency)
   local is_luajit, ffi = pcall(require, "ffi")
   if not is_luajit then return nil end
   local stats = ffi.cast("const uint64_t **", latency)[0]
   local min, max = tonumber(stats[2]), tonumber(stats[3])
   if min ~= latency.min or max ~= latency.max then return nil end
   local lines = {}
   for value = min, max do
      local count = tonumber(stats[4 + value])
      if count > 0 then lines[#lines + 1] = string.format("%.0f %.0f\n", value, count) end
   end
   return #lines == #latency and lines or nil
end

local function lines_one_by_one(latency)
   local lines = {}
   for i = 1, #latency do
      lines[i] = string.format("%.0f %.0f\n", latency(i))
   end
   return lines
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
   file:write(table.concat(lines_in_place(latency) or lines_one_by_one(latency)))
   file:write("end\n")
   file:close()
end

-- What the scripts share. Times are whole microseconds; the caller gives one in tests.

local DAY = 86400000000
-- Longer than any window, in milliseconds.
local KEPT = 90000000
-- How long people are remembered after the last one was written to: 400 days.
local REMEMBERED = 34560000000

local function text(number)
  return string.format('%.0f', number)
end

-- The ledger's time: the server's, and never before what it was.
local function time(clock, given)
  local now = tonumber(given)
  if not now then
    local read = redis.call('TIME')
    now = tonumber(read[1]) * 1000000 + tonumber(read[2])
  end
  return math.max(now, tonumber(redis.call('GET', clock) or '0'))
end

-- A line is "number:amount:total", and its score the time.
local function parts(line)
  local number, amount, total = string.match(line, '^(%d+):(%d+):(%d+)$')
  return tonumber(number), tonumber(amount), tonumber(total)
end

local function line(number, amount, total)
  return string.format('%016.0f:%.0f:%.0f', number, amount, total)
end

-- Functions for all scripts. Times are whole microseconds; tests pass one.

local DAY = 86400000000
-- How long counts are kept, in milliseconds: longer than any window.
local KEPT = 90000000
-- How long recipients are kept after the last message, in milliseconds: 400 days.
local REMEMBERED = 34560000000

local function text(number)
  return string.format('%.0f', number)
end

-- The ledger's time: that of the server, but never earlier than the stored time.
local function time(clock, given)
  local now = tonumber(given)
  if not now then
    local read = redis.call('TIME')
    now = tonumber(read[1]) * 1000000 + tonumber(read[2])
  end
  return math.max(now, tonumber(redis.call('GET', clock) or '0'))
end

-- A hit is a member "number:amount:total" whose score is the time.
local function parts(line)
  local number, amount, total = string.match(line, '^(%d+):(%d+):(%d+)$')
  return tonumber(number), tonumber(amount), tonumber(total)
end

local function line(number, amount, total)
  return string.format('%016.0f:%.0f:%.0f', number, amount, total)
end

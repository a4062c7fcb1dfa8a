-- Begins each script: KEYS[1] is the mark of the state, KEYS[2] the clock, KEYS[3] the index,
-- which holds the mark again and each series with the time of its last hit; ARGV[1] is the
-- mark that the caller knows, ARGV[2] is `time:seen`: the time in tests, and the ledger's time
-- that the caller has seen stored, or 0. Times are whole microseconds.

local REPLACED = 'WGREPLACED this is another state than the one that is known'
if redis.call('GET', KEYS[1]) ~= ARGV[1] or not redis.call('ZSCORE', KEYS[3], ARGV[1]) then
  return redis.error_reply(REPLACED)
end

local DAY = 86400000000
-- How long the clock and the windows of series are kept, in milliseconds: longer than any window.
local KEPT = 90000000
-- How long recipients are kept after the last message, in milliseconds: 400 days.
local REMEMBERED = 34560000000

local function text(number)
  return string.format('%.0f', number)
end

-- The server's clock when the script began.
local given, seen = string.match(ARGV[2], '^(%d*):(%d+)$')
local wall = tonumber(given)
if not wall then
  local read = redis.call('TIME')
  wall = tonumber(read[1]) * 1000000 + tonumber(read[2])
end

-- The stored time, and the server's clock at that time.
local at, was = string.match(redis.call('GET', KEYS[2]) or '', '^(%d+):(%d+)$')
at, was = tonumber(at), tonumber(was)

-- What is stored was stored later before: the state is an old one, from a backup. It is another
-- state from now on. A time that is gone has lapsed or is not there yet.
if tonumber(seen) > (at or wall - DAY) then
  redis.pcall('DEL', KEYS[1])
  return redis.error_reply(REPLACED)
end

-- Stores the ledger's time, and the server's clock at that time.
local function keep(now)
  redis.call('SET', KEYS[2], text(now) .. ':' .. text(wall), 'PX', KEPT)
end

-- The ledger's time: what passed by the server's clock is added to the stored time. If that
-- clock was set back, nothing has passed, and the time goes on from the new clock.
local function time()
  if not at then
    return wall
  end
  if wall < was then
    -- It may fail where nothing can be written, which refuses whatever counts.
    redis.pcall('SET', KEYS[2], text(at) .. ':' .. text(wall), 'PX', KEPT)
    return at
  end
  return at + wall - was
end

-- A hit is a member "number:amount:total" whose score is the time.
local function parts(line)
  local number, amount, total = string.match(line, '^(%d+):(%d+):(%d+)$')
  return tonumber(number), tonumber(amount), tonumber(total)
end

local function line(number, amount, total)
  return string.format('%016.0f:%.0f:%.0f', number, amount, total)
end
